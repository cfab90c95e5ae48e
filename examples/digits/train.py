"""Trains the network of this example and writes digits.onnx, and pictures/ of digits that it has never seen.

    pip install -r requirements.txt
    python train.py

The data are scikit-learn's digits: 1797 pictures of 8 by 8 pixels, which come with the package. The seed
is fixed and one thread computes, so the same machine writes the same bytes. Another processor may round
some sums otherwise, which changes the last digits of the weights and hardly an answer.
"""

import os

# Sums must not depend on the number of processors. Read when numpy is imported.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
SEED = 8
EPOCHS = 40
BATCH = 32
FILTERS = (32, 48)


def load():
    """Pictures with ink from 0 to 1, and their digits; a fifth is kept for the test."""
    digits = load_digits()
    pictures = (digits.images / 16).astype(np.float32)
    return train_test_split(pictures, digits.target, test_size=0.2, random_state=SEED, stratify=digits.target)


def varied(pictures, random):
    """Each picture turned, scaled and moved a little: what people draw is less tidy than the data."""
    count = len(pictures)
    angle = random.uniform(-0.2, 0.2, count)
    scale_y, scale_x = random.uniform(0.85, 1.15, (2, count))
    move_y, move_x = random.uniform(-0.6, 0.6, (2, count))
    y, x = (axis.ravel() - 3.5 for axis in np.mgrid[0:8, 0:8])
    sin, cos = np.sin(angle)[:, None], np.cos(angle)[:, None]
    from_y = (cos * y - sin * x) * scale_y[:, None] + move_y[:, None] + 3.5
    from_x = (sin * y + cos * x) * scale_x[:, None] + move_x[:, None] + 3.5
    # Bilinear, with a border of paper.
    padded = np.pad(pictures, ((0, 0), (1, 2), (1, 2)))
    top, left = np.floor(from_y).astype(int), np.floor(from_x).astype(int)
    down, right = (from_y - top).astype(np.float32), (from_x - left).astype(np.float32)
    index = np.arange(count)[:, None]
    at = lambda dy, dx: padded[index, np.clip(top + dy + 1, 0, 10), np.clip(left + dx + 1, 0, 10)]
    above, below = ((1 - right) * at(dy, 0) + right * at(dy, 1) for dy in (0, 1))
    mixed = (1 - down) * above + down * below
    return mixed.reshape(count, 8, 8).astype(np.float32)


def windows(planes):
    """(N, C, H, W) -> (N, H, W, C * 9): what each 3 by 3 filter sees, with a border of zeros."""
    n, c, h, w = planes.shape
    padded = np.pad(planes, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return sliding_window_view(padded, (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5).reshape(n, h, w, c * 9)


def convolve(seen, weights, bias):
    return (seen @ weights.reshape(len(weights), -1).T + bias).transpose(0, 3, 1, 2)


def forward(parameters, pictures):
    """Two convolutions, the greatest of each 2 by 2, one dense layer. Returns what `backward` needs as well."""
    w1, b1, w2, b2, w3, b3 = parameters
    seen1 = windows(pictures[:, None])
    hidden1 = np.maximum(convolve(seen1, w1, b1), 0)
    seen2 = windows(hidden1)
    hidden2 = np.maximum(convolve(seen2, w2, b2), 0)
    n, c, h, w = hidden2.shape
    blocks = hidden2.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
    flat = blocks.max(axis=4).reshape(n, -1)
    logits = flat @ w3.T + b3
    logits -= logits.max(axis=1, keepdims=True)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return probabilities, (seen1, hidden1, seen2, hidden2, blocks, flat)


def backward(parameters, state, error):
    """The gradient of the cross entropy with respect to each parameter."""
    _, _, w2, _, w3, _ = parameters
    seen1, hidden1, seen2, hidden2, blocks, flat = state
    n, c, h, w = hidden2.shape
    pooled = (error @ w3).reshape(n, c, h // 2, w // 2)
    winners = np.arange(4) == blocks.argmax(axis=4)[..., None]
    spread = (winners * pooled[..., None]).reshape(n, c, h // 2, w // 2, 2, 2)
    error2 = spread.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h, w) * (hidden2 > 0)
    turned = w2[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    error1 = convolve(windows(error2), np.ascontiguousarray(turned), 0) * (hidden1 > 0)
    gradients = []
    for seen, error_here in ((seen1, error1), (seen2, error2)):
        rows = error_here.transpose(0, 2, 3, 1).reshape(-1, error_here.shape[1])
        gradients += [(rows.T @ seen.reshape(len(rows), -1)).reshape(error_here.shape[1], -1, 3, 3), rows.sum(axis=0)]
    return gradients + [error.T @ flat, error.sum(axis=0)]


def train(pictures, digits):
    """Adam with a rate that falls to nothing."""
    random = np.random.default_rng(SEED)
    shapes = [(FILTERS[0], 1, 3, 3), (FILTERS[1], FILTERS[0], 3, 3), (10, FILTERS[1] * 16)]
    parameters = []
    for shape in shapes:
        spread = np.sqrt(2 / np.prod(shape[1:]))
        parameters += [(random.standard_normal(shape) * spread).astype(np.float32), np.zeros(shape[0], np.float32)]
    mean, square = ([np.zeros_like(parameter) for parameter in parameters] for _ in range(2))
    steps = EPOCHS * (len(pictures) // BATCH)
    step = 0
    for epoch in range(EPOCHS):
        order = random.permutation(len(pictures))
        wrong = 0
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            probabilities, state = forward(parameters, varied(pictures[chosen], random))
            wrong += (probabilities.argmax(axis=1) != digits[chosen]).sum()
            error = (probabilities - np.eye(10, dtype=np.float32)[digits[chosen]]) / len(chosen)
            rate = 2e-3 * (1 - step / steps)
            step += 1
            for index, gradient in enumerate(backward(parameters, state, error)):
                mean[index] = 0.9 * mean[index] + 0.1 * gradient
                square[index] = 0.999 * square[index] + 0.001 * gradient**2
                unbiased = mean[index] / (1 - 0.9**step), square[index] / (1 - 0.999**step)
                parameters[index] -= (rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)).astype(np.float32)
        print(f"epoch {epoch + 1:2}: {wrong / len(order):.2%} of the varied training pictures wrong")
    return parameters


def to_onnx(parameters):
    names = ["filters1", "bias1", "filters2", "bias2", "dense", "bias3"]
    nodes = [
        helper.make_node("Conv", ["picture", "filters1", "bias1"], ["seen1"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["seen1"], ["hidden1"]),
        helper.make_node("Conv", ["hidden1", "filters2", "bias2"], ["seen2"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["seen2"], ["hidden2"]),
        helper.make_node("MaxPool", ["hidden2"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "dense", "bias3"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(parameter, name) for parameter, name in zip(parameters, names)],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], producer_name="wasmstone examples/digits")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def accuracy(model, pictures, digits):
    """By the interpreter that ONNX itself comes with: of the file, not of the arrays it was made from."""
    evaluator = ReferenceEvaluator(model)
    answers = [evaluator.run(None, {"picture": picture[None, None]})[0].argmax() for picture in pictures]
    return np.mean(np.array(answers) == digits)


def png(pixels):
    """A grey PNG of 8-bit pixels."""
    height, width = pixels.shape
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = b"".join(b"\0" + line.tobytes() for line in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")


def write_pictures(pictures, digits):
    """The first test picture of each digit: ink on paper as PNG for even ones, light on dark as PGM for odd ones."""
    directory = HERE / "pictures"
    directory.mkdir(exist_ok=True)
    for digit in range(10):
        picture = pictures[np.argmax(digits == digit)]
        large = np.rint(np.kron(picture, np.ones((8, 8))) * 255).astype(np.uint8)
        if digit % 2 == 0:
            paper = np.pad(255 - large, 16, constant_values=255)
            (directory / f"{digit}.png").write_bytes(png(paper))
        else:
            small = np.rint(picture * 255).astype(np.uint8)
            (directory / f"{digit}.pgm").write_bytes(b"P5\n8 8\n255\n" + small.tobytes())


def main():
    train_pictures, test_pictures, train_digits, test_digits = load()
    parameters = train(train_pictures, train_digits)
    content = to_onnx(parameters).SerializeToString(deterministic=True)
    file = HERE / "digits.onnx"
    file.write_bytes(content)
    right = accuracy(onnx.load(file), test_pictures, test_digits)
    write_pictures(test_pictures, test_digits)
    print(f"{file.name}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")
    print(f"right on {right:.2%} of the {len(test_digits)} test pictures")


if __name__ == "__main__":
    main()
