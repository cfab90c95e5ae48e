use super::{Choice, Engine, EngineError, EngineOptions, choose};
use crate::float::{Float, FloatRule, rule};
use crate::operators::{Operators, scan};
use wasmstone_bundle::Platform;
use wasmstone_float_lowering::Refused;
use wasmstone_policy::Target;

const HERE: fn() -> Target = || Target::host().expect("the tests run where there is machine code");

fn program(text: &str) -> Operators {
    scan(&wat::parse_str(text).unwrap()).unwrap()
}

fn plain() -> Operators {
    program("(module (func))")
}

fn float() -> Operators {
    program("(module (func $area (param f64)))")
}

fn vector() -> Operators {
    program("(module (func $dot (param v128)))")
}

fn board(fp_safe: bool) -> Platform {
    Platform { name: "board".to_owned(), fp_safe, ..Platform::sim() }
}

fn refused() -> Refused {
    Refused::Invalid("it is odd".to_owned())
}

/// What is chosen by the rule of the platform.
fn chosen(engine: Engine, platform: &Platform, program: &Operators) -> Result<Choice, EngineError> {
    let options = EngineOptions { engine, targets: &[], rule: rule(None, false, platform).unwrap() };
    choose(&options, platform, program, None)
}

/// The same with something asked for, for a program with floats.
fn asked(float: Float, engine: Engine, platform: &Platform, refused: Option<&Refused>) -> Result<Choice, EngineError> {
    let options = EngineOptions { engine, targets: &[], rule: FloatRule { float, explicit: true } };
    choose(&options, platform, &self::float(), refused)
}

#[test]
fn on_keystone_floats_are_lowered() {
    let choice = chosen(Engine::Auto, &board(false), &plain()).unwrap();
    assert_eq!(choice, Choice { targets: vec![Target::Riscv64], rule: None, interpreted_because: None });
    for engine in [Engine::Auto, Engine::Native] {
        let choice = chosen(engine, &board(false), &float()).unwrap();
        assert_eq!((choice.targets.as_slice(), choice.hardware_float()), (&[Target::Riscv64][..], false));
        assert_eq!((choice.float(Target::Riscv64), choice.interpreted_because), (Some(Float::Lowered), None));
    }
    let choice = chosen(Engine::Auto, &board(true), &float()).unwrap();
    assert_eq!((choice.targets.as_slice(), choice.hardware_float()), (&[Target::Riscv64][..], true));
    assert_eq!(choice.float(Target::Riscv64), Some(Float::Hardware));
}

#[test]
fn what_cannot_be_lowered_is_interpreted() {
    let options =
        |engine| EngineOptions { engine, targets: &[], rule: FloatRule { float: Float::Lowered, explicit: false } };
    let choice = choose(&options(Engine::Auto), &board(false), &float(), Some(&refused())).unwrap();
    assert_eq!((choice.float(Target::Pulley64), choice.hardware_float()), (Some(Float::Interpreted), false));
    assert_eq!(choice.targets, [Target::Pulley64]);
    assert!(choice.interpreted_because.unwrap().contains("it is odd"));
    let error = choose(&options(Engine::Native), &board(false), &float(), Some(&refused())).unwrap_err().to_string();
    assert!(error.contains("it is odd") && error.contains("choose --engine pulley"), "{error}");
}

#[test]
fn floats_can_be_insisted_on() {
    for engine in [Engine::Native, Engine::Auto, Engine::Pulley] {
        let options = EngineOptions { engine, targets: &[], rule: rule(None, true, &board(false)).unwrap() };
        let choice = choose(&options, &board(false), &float(), None).unwrap();
        let target = if engine == Engine::Pulley { Target::Pulley64 } else { Target::Riscv64 };
        assert_eq!((choice.targets.as_slice(), choice.hardware_float()), (&[target][..], true));
        assert!(!choose(&options, &board(false), &plain(), None).unwrap().hardware_float());
    }
}

#[test]
fn lowering_that_is_asked_for_is_for_every_target() {
    for platform in [board(false), board(true), Platform::sim()] {
        let native = if platform.name == "sim" { HERE() } else { Target::Riscv64 };
        for (engine, target) in [(Engine::Auto, native), (Engine::Native, native), (Engine::Pulley, Target::Pulley64)] {
            let choice = asked(Float::Lowered, engine, &platform, None).unwrap();
            assert_eq!((choice.targets.as_slice(), choice.float(target)), (&[target][..], Some(Float::Lowered)));
            assert!(!choice.hardware_float());
            let error = asked(Float::Lowered, engine, &platform, Some(&refused())).unwrap_err().to_string();
            assert!(error.contains("it is odd") && error.contains("--float interpreted"), "{error}");
        }
    }
}

#[test]
fn what_is_to_be_interpreted_is_no_machine_code() {
    for platform in [board(false), board(true), Platform::sim()] {
        let choice = asked(Float::Interpreted, Engine::Auto, &platform, None).unwrap();
        assert_eq!((choice.targets.as_slice(), choice.hardware_float()), (&[Target::Pulley64][..], false));
        assert_eq!(choice.float(Target::Pulley64), Some(Float::Interpreted));
        assert_eq!(choice.interpreted_because.unwrap(), "--float interpreted was asked for: area");
        let error = asked(Float::Interpreted, Engine::Native, &platform, None).unwrap_err().to_string();
        assert!(error.contains("--float lowered") && error.contains("area"), "{error}");
        // Without floats it makes no difference.
        let rule = FloatRule { float: Float::Interpreted, explicit: true };
        let options = EngineOptions { engine: Engine::Native, targets: &[], rule };
        assert!(choose(&options, &platform, &plain(), None).unwrap().targets[0].is_native());
    }
}

#[test]
fn only_what_is_made_is_lowered() {
    let lowers = |engine, targets: &[Target], asked, program: &Operators| {
        let rule = FloatRule { float: Float::Lowered, explicit: asked };
        EngineOptions { engine, targets, rule }.lowers(program)
    };
    assert!(lowers(Engine::Auto, &[], false, &float()) && lowers(Engine::Native, &[], false, &float()));
    assert!(!lowers(Engine::Pulley, &[], false, &float()) && lowers(Engine::Pulley, &[], true, &float()));
    assert!(!lowers(Engine::Auto, &[Target::Pulley64], false, &float()));
    assert!(lowers(Engine::Auto, &[Target::Pulley64, Target::Riscv64], false, &float()));
    assert!(!lowers(Engine::Auto, &[], true, &plain()));
}

#[test]
fn vectors_are_for_pulley_on_riscv() {
    for platform in [board(true), board(false)] {
        let choice = chosen(Engine::Auto, &platform, &vector()).unwrap();
        assert_eq!(choice.targets, [Target::Pulley64]);
        assert!(choice.interpreted_because.unwrap().contains("dot"));
        let error = chosen(Engine::Native, &platform, &vector()).unwrap_err();
        assert!(matches!(&error, EngineError::Vectors { functions } if functions.first == ["dot"]), "{error}");
    }
}

#[test]
fn the_simulator_gets_what_this_machine_has() {
    for program in [plain(), float()] {
        assert_eq!(chosen(Engine::Auto, &Platform::sim(), &program).unwrap().targets, [HERE()]);
        assert_eq!(chosen(Engine::Native, &Platform::sim(), &program).unwrap().targets, [HERE()]);
        assert_eq!(chosen(Engine::Pulley, &Platform::sim(), &program).unwrap().targets, [Target::Pulley64]);
    }
}

#[test]
fn targets_are_taken_as_they_are_named() {
    let targets = [Target::Aarch64, Target::Pulley64, Target::Aarch64, Target::Riscv64];
    let options =
        EngineOptions { engine: Engine::Auto, targets: &targets, rule: rule(None, false, &board(false)).unwrap() };
    let choice = choose(&options, &board(false), &plain(), None).unwrap();
    assert_eq!(choice.targets, [Target::Pulley64, Target::Riscv64, Target::Aarch64]);
    // Where nobody asked, Pulley's program is left as it is.
    let choice = choose(&options, &board(false), &float(), None).unwrap();
    let floats = choice.targets.iter().map(|target| choice.float(*target).unwrap());
    assert_eq!(floats.collect::<Vec<_>>(), [Float::Interpreted, Float::Lowered, Float::Lowered]);
    assert!(choose(&options, &board(false), &float(), Some(&refused())).is_err());
}
