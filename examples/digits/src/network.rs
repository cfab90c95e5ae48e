//! The neural network of `digits.onnx`, which `train.py` has made.

use crate::picture::{Picture, SIDE};
use std::io::Cursor;
use std::sync::Arc;
use tract_onnx::prelude::*;

const MODEL: &[u8] = include_bytes!("../digits.onnx");

/// The probability of each digit. They add up to 1.
pub type Probabilities = [f32; 10];

/// A network that is ready to run.
pub struct Network(Arc<TypedRunnableModel<TypedModel>>);

impl Network {
    /// # Errors
    /// If the file is not a network that can be run.
    pub fn load() -> TractResult<Self> {
        let model = tract_onnx::onnx().model_for_read(&mut Cursor::new(MODEL))?;
        Ok(Self(Arc::new(model.into_optimized()?.into_runnable()?)))
    }

    /// # Errors
    /// If the input or output of the network has another shape.
    pub fn classify(&self, picture: &Picture) -> TractResult<Probabilities> {
        let input = Tensor::from_shape(&[1, 1, SIDE, SIDE], picture.as_flattened())?;
        let output = self.0.run(tvec!(input.into()))?;
        let output = output[0].to_array_view::<f32>()?;
        Ok(output.iter().copied().collect::<Vec<_>>().as_slice().try_into()?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Network, Probabilities};
    use crate::picture;
    use std::fs;
    use std::path::Path;

    fn most_likely(probabilities: &Probabilities) -> usize {
        let of = |digit: &usize| probabilities[*digit];
        (0..10).max_by(|one, other| of(one).total_cmp(&of(other))).unwrap()
    }

    #[test]
    fn every_picture_shows_the_digit_that_it_is_named_after() {
        let network = Network::load().unwrap();
        let mut seen = 0;
        for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures")).unwrap() {
            let file = file.unwrap().path();
            let probabilities = network.classify(&picture::read(&fs::read(&file).unwrap()).unwrap()).unwrap();
            let digit: usize = file.file_name().unwrap().to_string_lossy()[..1].parse().unwrap();
            assert_eq!(most_likely(&probabilities), digit, "{}: {probabilities:?}", file.display());
            assert!((probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{probabilities:?}");
            seen += 1;
        }
        assert!(seen >= 10, "{seen} pictures");
    }
}
