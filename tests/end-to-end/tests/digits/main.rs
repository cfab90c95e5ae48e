//! The example `digits`, an unmodified web server, in a simulated enclave. A program and a browser send requests over
//! the network, like any client.

mod browser;
mod server;

use browser::Browser;
use server::{Server, pictures};
use std::fs;

#[test]
fn needs_newer_rust_to_classify_digits() {
    let server = Server::start();
    assert_eq!(server.get("/health"), (200, "ok\n".to_owned()));
    let (status, page) = server.get("/");
    assert!(status == 200 && page.contains("<canvas"), "{status}: {page}");
    assert_eq!(server.get("/nothing").0, 404);

    every_picture_is_recognised(&server);
    what_is_no_picture_is_refused(&server);
    assert_eq!(server.get("/health"), (200, "ok\n".to_owned()));
}

fn every_picture_is_recognised(server: &Server) {
    let mut seen = [false; 10];
    for picture in fs::read_dir(pictures()).unwrap() {
        let path = picture.unwrap().path();
        let digit: usize = path.file_name().unwrap().to_string_lossy()[..1].parse().unwrap();
        let (status, answer) = server.classify(&fs::read(&path).unwrap());
        assert_eq!((status, &answer["digit"]), (200, &digit.into()), "{}: {answer}", path.display());
        let probabilities = answer["probabilities"].as_array().unwrap();
        let sum: f64 = probabilities.iter().map(|probability| probability.as_f64().unwrap()).sum();
        assert!(probabilities.len() == 10 && (sum - 1.0).abs() < 0.01, "{}: {answer}", path.display());
        seen[digit] = true;
    }
    assert_eq!(seen, [true; 10]);
}

fn what_is_no_picture_is_refused(server: &Server) {
    for (body, status, reason) in [
        (&b"hello"[..], 400, "neither PNG nor PGM"),
        (b"", 400, "neither PNG nor PGM"),
        (b"\x89PNG\r\n\x1a\n", 400, "cannot be read"),
        (b"P5\n4294967295 4294967295\n255\n", 400, "larger than"),
        (b"P5\n2 2\n255\n....", 400, "empty"),
        (&[0; (1 << 20) + 1], 413, "length limit exceeded"),
    ] {
        let (answered, answer) = server.classify(body);
        assert_eq!(answered, status, "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(reason), "{answer}");
    }
}

/// The actions of a person who opens the page: the page then shows the result of each step.
#[test]
fn needs_newer_rust_and_needs_chromium_to_use_the_page() {
    let server = Server::start();
    let browser = Browser::start();
    browser.open(&server.address);

    let shown = |digit: u32| {
        browser.find(&format!("//output[@id='digit'][.='{digit}']"));
        browser.find("//table[count(.//tr[.//meter])=10]");
    };
    let chosen = |path: &str| browser.find("//input[@type='file']").type_in(path);
    for (file, digit) in [("8.png", 8), ("3.pgm", 3)] {
        chosen(pictures().join(file).to_str().unwrap());
        shown(digit);
    }

    browser.find("//button[.='Clear']").click();
    browser.find("//output[@id='digit'][.='']");
    browser.draw(&browser.find("//canvas"), &[(0, -80), (0, 0), (0, 80)]);
    browser.find("//button[.='Classify']").click();
    shown(1);

    chosen(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    browser.find("//p[@id='error'][contains(., 'neither PNG nor PGM')]");
    browser.find("//output[@id='digit'][.='']");
}
