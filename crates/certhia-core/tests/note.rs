//! Signed notes.

use certhia_core::note::Note;
use proptest::prelude::*;

const ROOT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn note(body: &str, signatures: &str) -> String {
    format!("{body}\n{signatures}")
}

fn good() -> String {
    note(
        &format!("log.example/2025\n1024\n{ROOT}\n"),
        "\u{2014} log.example/2025 AQIDBAUG\n\u{2014} witness AAAAAAA=\n",
    )
}

#[test]
fn a_note_is_taken_apart() {
    let text = good();
    let note = Note::parse(text.as_bytes()).unwrap();
    assert_eq!((note.origin.as_str(), note.size, note.root), ("log.example/2025", 1024, [0; 32]));
    assert_eq!(&text[..note.signed], format!("log.example/2025\n1024\n{ROOT}\n"));
    assert_eq!(note.signatures.len(), 2);
    assert_eq!(note.signatures[0].name, "log.example/2025");
    assert_eq!(note.signatures[0].key_id, [1, 2, 3, 4]);
    assert_eq!(note.signatures[0].bytes, [5, 6]);
}

#[test]
fn what_is_refused() {
    let signature = "\u{2014} a AQIDBAUG\n";
    for text in [
        String::new(),
        note(&format!("\n1\n{ROOT}\n"), signature),
        note(&format!("o\n01\n{ROOT}\n"), signature),
        note(&format!("o\n+1\n{ROOT}\n"), signature),
        note(&format!("o\n\n{ROOT}\n"), signature),
        note(&format!("o\n18446744073709551615\n{ROOT}\n"), signature),
        note("o\n1\nAAAA\n", signature),
        note("o\n1\n", signature),
        note(&format!("o\n1\n{ROOT}\nextension\n"), signature),
        note(&format!("o\n1\n{ROOT}"), signature),
        note(&format!("o\n1\n{ROOT}\n"), ""),
        note(&format!("o\n1\n{ROOT}\n"), "- a AQIDBAUG\n"),
        note(&format!("o\n1\n{ROOT}\n"), "\u{2014} a AQIDBAUG"),
        note(&format!("o\n1\n{ROOT}\n"), "\u{2014} a AQIDBA==\n"),
        note(&format!("o\n1\n{ROOT}\n"), "\u{2014} a+b AQIDBAUG\n"),
        note(&format!("o\n1\n{ROOT}\n"), "\u{2014}  AQIDBAUG\n"),
        note(&format!("o\n1\n{ROOT}\n"), "\u{2014} a AQIDBAUG\n\n"),
        note(&format!("o\r\n1\n{ROOT}\n"), signature),
        note(&format!("o\n1\n{ROOT}\n"), &signature.repeat(65)),
        format!("{}{}", good(), "x".repeat(1 << 20)),
    ] {
        assert!(Note::parse(text.as_bytes()).is_err(), "{:?}", &text[..text.len().min(80)]);
    }
    assert!(Note::parse(b"o\n1\n\xff\n\n").is_err());
    let many = note(&format!("o\n0\n{ROOT}\n"), &signature.repeat(64));
    assert_eq!(Note::parse(many.as_bytes()).unwrap().signatures.len(), 64);
}

proptest! {
    #[test]
    fn any_change_of_a_byte(at in 0_usize..130, byte: u8) {
        let mut text = good().into_bytes();
        if let Some(place) = text.get_mut(at) {
            *place = byte;
        }
        Note::parse(&text).ok();
    }
}
