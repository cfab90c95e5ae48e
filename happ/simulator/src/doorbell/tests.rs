use super::*;
use crate::tests::in_time;
use std::sync::Barrier;
use std::thread;

/// The same memory, mapped for each side, as the two processes have it.
fn sides() -> (Shared, Shared) {
    let memory = create().unwrap();
    (Shared::map(&memory).unwrap(), Shared::map(&memory).unwrap())
}

#[test]
fn calls_take_turns() {
    in_time("calls and answers", || {
        let (host, enclave) = sides();
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..5000u32 {
                    enclave.buffer().write(0, &number.to_le_bytes()).unwrap();
                    enclave.call_host();
                    let mut answer = [0; 4];
                    enclave.buffer().read(0, &mut answer).unwrap();
                    assert_eq!(u32::from_le_bytes(answer), number + 1);
                }
                enclave.exit(77);
            });
            let mut calls = 0;
            while host.wait_for_enclave() == Turn::Host {
                let mut number = [0; 4];
                host.buffer().read(0, &mut number).unwrap();
                assert_eq!(u32::from_le_bytes(number), calls);
                calls += 1;
                host.buffer().write(0, &calls.to_le_bytes()).unwrap();
                host.resume();
            }
            assert_eq!((calls, host.exit_value()), (5000, 77));
        });
        // What the process wrote is not lost by its end.
        assert_eq!(host.ended(), Turn::Exited);
        assert_eq!(host.wait_for_enclave(), Turn::Exited);
    });
}

#[test]
fn an_end_wakes_the_host() {
    in_time("the host sees the end", || {
        for _ in 0..200 {
            let (host, _) = sides();
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(host.wait_for_enclave(), Turn::Ended));
                assert_eq!(host.ended(), Turn::Enclave);
            });
        }
    });
}

#[test]
fn an_end_wakes_a_host_that_the_enclave_says_is_awake() {
    in_time("the host sleeps, and sees the end", || {
        let (host, enclave) = sides();
        thread::scope(|scope| {
            scope.spawn(|| assert_eq!(host.wait_for_enclave(), Turn::Ended));
            while enclave.control.sleeping.swap(0, Ordering::SeqCst) == 0 {
                thread::yield_now();
            }
            assert_eq!(host.ended(), Turn::Enclave);
        });
    });
}

#[test]
fn an_end_during_an_answer_is_not_forgotten() {
    in_time("both sides finish", || {
        const ROUNDS: usize = 5000;
        let (host, _) = sides();
        let turn = &host.control.turn;
        let together = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    together.wait();
                    host.resume();
                    together.wait();
                }
            });
            for _ in 0..ROUNDS {
                turn.store(Turn::Host as u32, Ordering::Release);
                together.wait();
                let before = host.ended();
                together.wait();
                assert!([Turn::Host, Turn::Enclave].contains(&before), "{before:?}");
                assert_eq!(turn.load(Ordering::Acquire), Turn::Ended as u32);
            }
        });
    });
}

#[test]
fn a_turn_that_does_not_exist_is_the_end() {
    in_time("the host sees the end", || {
        let (host, enclave) = sides();
        for number in [3, 4, 0x8000_0000, u32::MAX] {
            enclave.control.turn.store(number, Ordering::Release);
            assert_eq!(host.wait_for_enclave(), Turn::Ended);
            host.resume();
            assert_eq!(host.wait_for_enclave(), Turn::Ended, "an answer does not bring it back");
        }
    });
}

#[test]
fn other_memory_is_refused() {
    let memory = memfd_create("short", MemfdFlags::CLOEXEC).unwrap();
    assert!(Shared::map(&memory).is_err());
    ftruncate(&memory, 4096).unwrap();
    assert!(Shared::map(&memory).is_err());
}
