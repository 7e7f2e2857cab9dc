//! The JSON of get-entries answers.

use certhia_core::Malformed;
use certhia_core::get_entries::{count, each_entry};
use proptest::prelude::*;

/// leaf_input and extra_data.
type Decoded = (Vec<u8>, Option<Vec<u8>>);

fn decoded(body: &str) -> Result<Vec<Decoded>, Malformed> {
    let mut out = Vec::new();
    each_entry(body.as_bytes(), 100, |item| {
        let mut leaf = Vec::new();
        item.leaf_input.decode_base64(&mut leaf)?;
        let extra = item.extra_data.map(|text| {
            let mut extra = Vec::new();
            text.decode_base64(&mut extra).map(|()| extra)
        });
        out.push((leaf, extra.transpose()?));
        Ok(())
    })?;
    Ok(out)
}

#[test]
fn forms_that_logs_may_use() {
    let one = vec![(b"leaf?>".to_vec(), Some(b"extra".to_vec()))];
    for body in [
        r#"{"entries":[{"leaf_input":"bGVhZj8+","extra_data":"ZXh0cmE="}]}"#,
        r#"{"entries":[{"extra_data":"ZXh0cmE=","leaf_input":"bGVhZj8+"}]}"#,
        " { \"entries\" :\n[\t{ \"leaf_input\" : \"bGVhZj8+\" , \"extra_data\" : \"ZXh0cmE=\" } ] } \r\n",
        r#"{"a":[1,{"b":[]}],"c":-1.5e+3,"entries":[{"leaf_input":"bGVhZj8+","x":{"leaf_input":1},"extra_data":"ZXh0cmE="}],"d":null}"#,
        r#"{"entries":[{"leaf_input":"bGVhZj8\u002b","extra_data":"ZXh0cmE\u003D"}]}"#,
        r#"{"\u0065ntries":[{"leaf\u005finput":"bGVhZj8+","extra_data":"ZXh0cmE="}],"q":"\\\"\n"}"#,
    ] {
        assert_eq!(decoded(body).unwrap(), one, "{body}");
        assert_eq!(count(body.as_bytes()).unwrap(), 1);
    }
    assert_eq!(decoded(r#"{"entries":[{"leaf_input":"Pz8\/"}]}"#).unwrap(), vec![(b"???".to_vec(), None)]);
    assert_eq!(decoded(r#"{"entries":[{"leaf_input":"","extra_data":null}]}"#).unwrap(), vec![(vec![], None)]);
    assert_eq!(decoded(r#"{"entries":[]}"#).unwrap(), vec![]);
    assert_eq!(decoded(r#"{"entries":null}"#).unwrap(), vec![]);
}

#[test]
fn what_is_no_answer() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "<html>",
        r#"{"entries":{}}"#,
        r#"{"entries":[1]}"#,
        r#"{"entries":[{}]}"#,
        r#"{"entries":[{"leaf_input":1}]}"#,
        r#"{"entries":[{"leaf_input":"=AAA"}]}"#,
        r#"{"entries":[{"leaf_input":"A"}]}"#,
        r#"{"entries":[{"leaf_input":"AA\q"}]}"#,
        r#"{"entries":[{"leaf_input":"AA\u00"}]}"#,
        r#"{"entries":[],"entries":[]}"#,
        r#"{"entries":[],}"#,
        r#"{"entries":[]} x"#,
        r#"{"entries":[],"x":nul}"#,
        r#"{"error_message":"need tree size: 7"}"#,
    ] {
        assert!(decoded(body).is_err(), "{body}");
    }
}

#[test]
fn cut_off_anywhere_is_an_error() {
    let body = r#"{"x":[1,"\""],"entries":[{"leaf_input":"AAAA","extra_data":"AAAA"},{"leaf_input":"AA\/A"}]}"#;
    assert_eq!(count(body.as_bytes()), Ok(2));
    for end in 0..body.len() {
        assert!(count(&body.as_bytes()[..end]).is_err(), "{}", &body[..end]);
    }
}

#[test]
fn bounds() {
    let nested = |depth: usize| format!(r#"{{"x":{}{},"entries":[]}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(count(nested(20).as_bytes()), Ok(0));
    assert!(count(nested(100_000).as_bytes()).is_err());
    let many = format!(r#"{{"entries":[{}]}}"#, [r#"{"leaf_input":""}"#; 101].join(","));
    assert_eq!(count(many.as_bytes()), Ok(101));
    assert!(decoded(&many).is_err());
}

proptest! {
    #[test]
    fn any_text(body in r#"[\{\}\[\]",:\\ue0n ]{0,60}"#) {
        count(body.as_bytes()).ok();
    }

    #[test]
    fn any_member(value in r#"[\{\}\[\]",:\\ue0n ]{0,30}"#) {
        decoded(&format!(r#"{{"entries":[{{"leaf_input":"{value}"}}],"x":{value}}}"#)).ok();
    }
}
