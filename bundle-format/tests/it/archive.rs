//! Archives that the crate `tar` writes and wasmstone would not.

use crate::support::{ALICE, append, header, key, signed, unsigned};
use std::io::Read;
use tar::{Builder, EntryType, Header};
use wasmstone_bundle::{
    Bundle, Manifest, ReadError, Sha256Digest,
    manifest::{Encoding, ManifestError},
};

type Entries = Vec<(String, Vec<u8>)>;

fn entries(bundle: &Bundle) -> Entries {
    let bytes = bundle.to_bytes();
    let mut archive = tar::Archive::new(&bytes[..]);
    let read = |entry: std::io::Result<tar::Entry<_>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    };
    archive.entries().unwrap().map(read).collect()
}

fn write(entries: &Entries, change: impl Fn(usize, &mut Header)) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (index, (path, content)) in entries.iter().enumerate() {
        let mut header = header(path, content.len());
        change(index, &mut header);
        append(&mut builder, header, content);
    }
    builder.into_inner().unwrap()
}

fn read(entries: &Entries) -> Result<Bundle, ReadError> {
    Bundle::read(&write(entries, |_, _| {})[..])
}

fn error(entries: &Entries) -> String {
    read(entries).unwrap_err().to_string()
}

#[test]
fn tar_itself_writes_a_bundle() {
    for bundle in [unsigned(), signed()] {
        assert_eq!(write(&entries(&bundle), |_, _| {}), bundle.to_bytes());
    }
}

#[test]
fn every_field_of_a_header_is_fixed() {
    let changes: [fn(&mut Header); 6] = [
        |header| header.set_mode(0o755),
        |header| header.set_mtime(1),
        |header| header.set_uid(1000),
        |header| header.set_gid(1000),
        |header| header.set_username("root").unwrap(),
        |header| header.as_ustar_mut().unwrap().pad[11] = 1,
    ];
    let entries = entries(&signed());
    for index in 0..entries.len() {
        for change in changes {
            let bytes = write(&entries, |at, header| {
                if at == index {
                    change(header)
                }
            });
            let error = Bundle::read(&bytes[..]).unwrap_err();
            assert!(matches!(&error, ReadError::Header { path } if *path == entries[index].0), "{error}");
        }
    }
}

#[test]
fn extra_members_are_refused() {
    let original = entries(&signed());
    for index in 1..=original.len() {
        let mut entries = original.clone();
        entries.insert(index, ("payload".into(), b"x".to_vec()));
        assert!(matches!(read(&entries), Err(ReadError::Extra { path }) if path == "payload"), "at {index}");
    }
    let mut entries = original;
    entries.insert(0, ("payload".into(), b"x".to_vec()));
    assert!(matches!(read(&entries), Err(ReadError::NotABundle)));
}

#[test]
fn duplicates_are_refused() {
    let original = entries(&signed());
    for index in 0..original.len() {
        let mut entries = original.clone();
        entries.insert(index, original[index].clone());
        assert!(matches!(read(&entries), Err(ReadError::Duplicate { path }) if path == original[index].0), "{index}");
    }
}

#[test]
fn other_orders_are_refused() {
    let original = entries(&signed());
    for index in 2..original.len() - 1 {
        let mut entries = original.clone();
        entries.swap(index, index + 1);
        assert!(matches!(read(&entries), Err(ReadError::OutOfOrder { .. })), "{index}");
    }
    let mut entries = original.clone();
    entries.swap(1, 2);
    assert!(matches!(read(&entries), Err(ReadError::OutOfOrder { path }) if path.starts_with("signatures/")));

    let mut two = signed();
    two.sign(&key(crate::support::BOB)).unwrap();
    let mut entries = self::entries(&two);
    entries.swap(1, 2);
    assert!(matches!(read(&entries), Err(ReadError::OutOfOrder { .. })));
}

#[test]
fn missing_members_are_named() {
    let original = entries(&unsigned());
    let mut entries = original.clone();
    entries.pop();
    assert!(matches!(read(&entries), Err(ReadError::Missing { path }) if path == "pulley64/program"));
    entries.truncate(1);
    assert!(matches!(read(&entries), Err(ReadError::Missing { path }) if path == "platform/loader"));
}

#[test]
fn other_types_are_refused() {
    let entries = entries(&signed());
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Directory,
        EntryType::Fifo,
        EntryType::Char,
        EntryType::XHeader,
    ] {
        for index in 0..entries.len() {
            let bytes = write(&entries, |at, header| {
                if at == index {
                    header.set_entry_type(kind)
                }
            });
            let error = Bundle::read(&bytes[..]).unwrap_err();
            assert!(matches!(error, ReadError::NotAFile { path } if path == entries[index].0), "{kind:?}");
        }
    }
}

#[test]
fn paths_that_lead_out_are_refused() {
    for path in ["../eapp", "/etc/passwd", "platform/../../x", ".."] {
        let mut entries = entries(&signed());
        entries[3].0 = path.into();
        assert!(matches!(read(&entries), Err(ReadError::PathEscape { path: found }) if found == path));
    }
    for path in ["./eapp", "EAPP", "eapp/", "platform//runtime"] {
        let mut entries = entries(&signed());
        entries[3].0 = path.into();
        assert!(read(&entries).is_err(), "{path}");
    }
    for path in ["\x1b[31mred", "line\nbreak"] {
        let mut entries = entries(&signed());
        entries[3].0 = path.into();
        assert!(!error(&entries).contains(char::is_control), "{path}");
    }
}

#[test]
fn other_content_is_named() {
    let original = entries(&unsigned());
    for index in 1..original.len() {
        let mut entries = original.clone();
        entries[index].1[0] ^= 1;
        assert!(matches!(read(&entries), Err(ReadError::Digest { path }) if path == original[index].0));
        entries[index].1.push(0);
        assert!(matches!(read(&entries), Err(ReadError::Size { path, .. }) if path == original[index].0));
    }
}

#[test]
fn signature_entries_hold_a_signature() {
    let original = entries(&signed());
    for change in [
        (|entry| entry.1.push(0)) as fn(&mut (String, Vec<u8>)),
        |entry| entry.1.truncate(95),
        |entry| entry.1[0] ^= 1,
        |entry| entry.0 = entry.0.to_uppercase().replace("SIGNATURES", "signatures"),
        |entry| entry.0 = "signatures/alice.sig".into(),
    ] {
        let mut entries = original.clone();
        change(&mut entries[1]);
        assert!(matches!(read(&entries), Err(ReadError::Signature { path }) if path == entries[1].0));
    }
    let mut bundle = signed();
    for _ in 1..16 {
        bundle.sign(&wasmstone_bundle::SecretKey::generate().unwrap()).unwrap();
    }
    let mut entries = self::entries(&bundle);
    let other = self::entries(&{
        let mut other = unsigned();
        other.sign(&wasmstone_bundle::SecretKey::generate().unwrap()).unwrap();
        other
    });
    entries.insert(1, other[1].clone());
    entries[1..18].sort();
    assert!(matches!(read(&entries), Err(ReadError::TooManySignatures)));
}

#[test]
fn huge_sizes_are_refused_before_they_are_read() {
    let claim = |index, size| {
        let bytes = write(&entries(&signed()), |at, header| {
            if at == index {
                header.set_size(size)
            }
        });
        Bundle::read(&bytes[..]).unwrap_err()
    };
    assert!(matches!(claim(0, 1 << 40), ReadError::Manifest(ManifestError::TooLarge(_))));
    assert!(matches!(claim(1, 1 << 40), ReadError::Signature { .. }));
    assert!(matches!(claim(3, 1 << 40), ReadError::Size { .. }));
}

#[test]
fn a_newer_format_is_told_before_anything_else() {
    let mut entries = entries(&signed());
    entries[0].1 = b"format = 3\ncompression = \"zstd\"\n".to_vec();
    entries.push(("layers/1".into(), b"new".to_vec()));
    assert_eq!(error(&entries), "bundle format 3 is newer than this release reads (1): update wasmstone");
}

#[test]
fn what_follows_the_end_is_refused() {
    let bytes = signed().to_bytes();
    for tail in [&[0][..], &[1], &[0; 512], &[0; 8192], b"PK\x03\x04"] {
        assert!(matches!(Bundle::read(&[&bytes, tail].concat()[..]), Err(ReadError::Trailing)));
    }
    let mut one_block = bytes.clone();
    let end = one_block.len() - 512;
    one_block[end] = 1;
    assert!(matches!(Bundle::read(&one_block[..]), Err(ReadError::Trailing)));
}

#[test]
fn other_files_are_not_bundles() {
    for bytes in [&b""[..], b"\0asm\x0d\0\x01\0", b"#!/bin/sh\n", b"PK\x03\x04", &[0; 4096], b"manifest"] {
        let error = Bundle::read(bytes).unwrap_err();
        assert!(matches!(error, ReadError::NotABundle | ReadError::Truncated { .. }), "{error}");
    }
}

/// A bundle in which the member `index` is `stored`; its manifest matches and gives the size `size` in bytes.
fn with_member(index: usize, stored: Vec<u8>, size: u64) -> Bundle {
    let mut entries = entries(&unsigned());
    let mut manifest = Manifest::parse(&entries[0].1).unwrap();
    let member = &mut manifest.members[index];
    member.size = size;
    member.stored = stored.len() as u64;
    member.encoding = Encoding::Gzip;
    member.sha256 = Sha256Digest::of(&stored);
    entries[0].1 = manifest.to_bytes().unwrap();
    entries[index + 1].1 = stored;
    let mut bundle = read(&entries).unwrap();
    bundle.sign(&key(ALICE)).unwrap();
    bundle
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, content).unwrap();
    gzip.finish().unwrap()
}

/// Even with a trusted signature, a member that decodes to more than its manifest says is never decoded in full.
#[test]
fn gzip_bombs_do_not_go_off() {
    let problem = |stored, size| {
        let bundle = with_member(4, stored, size);
        let error = bundle.member("pulley64/program").unwrap().unwrap_err();
        assert!(wasmstone_bundle::verify(&bundle, &crate::support::trusting_alice()).is_err());
        assert_eq!(error.path, "pulley64/program");
        error.problem
    };
    let bomb = gzip(&vec![0; 64 << 20]);
    let size = bomb.len() as u64 + 1;
    assert!(problem(bomb.clone(), size).contains("more bytes"));
    assert!(problem(bomb, 100 << 20).contains("fewer bytes"));

    let content = vec![b'a'; 1000];
    assert!(problem([gzip(&content), b"tail".to_vec()].concat(), 1000).contains("bytes follow"));
    assert!(problem([gzip(&content), gzip(b"")].concat(), 1000).contains("bytes follow"));
    let mut wrong_checksum = gzip(&content);
    let at = wrong_checksum.len() - 8;
    wrong_checksum[at] ^= 1;
    problem(wrong_checksum, 1000);
    let cut = gzip(&content);
    problem(cut[..cut.len() - 4].to_vec(), 1000);
    problem(b"not gzip".to_vec(), 1000);
}
