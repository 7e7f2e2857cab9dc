//! One entry's message.

use crate::certificate::Certificate;
use crate::certstream::certificate::{Role, Writer};
use crate::certstream::chain::Writers;
use crate::certstream::form::{Form, Kind, Profile};
use crate::certstream::json::Json;
use crate::certstream::source::Source;
use crate::error::Malformed;
use crate::issuers::Issuers;
use crate::leaf;
use crate::page::Entry;

/// A fault's text is cut behind this.
const MAX_FAULT: usize = 512;

/// Writes the messages of one page's entries.
pub struct Scribe<'a, 'f> {
    form: &'f Form,
    source: &'f Source,
    /// JSON of when the page was seen.
    seen: String,
    verified: u64,
    certificates: Writer<'a, 'f>,
    chains: Writers<'a, 'f>,
}

impl<'a, 'f> Scribe<'a, 'f> {
    pub fn new(form: &'f Form, source: &'f Source, issuers: &'f Issuers, seen: f64, verified: u64) -> Self {
        Self {
            form,
            source,
            seen: float(seen),
            verified,
            certificates: Writer::new(form, form.kind == Kind::Full),
            chains: Writers::new(form, issuers),
        }
    }

    /// Appends the message of an entry that has a certificate. `defect`: nothing of it is to be read, and why.
    pub fn write(&mut self, entry: &Entry<'a>, defect: Option<&str>, json: &mut Json) {
        json.cut = 0;
        match (self.form.kind, self.form.profile) {
            (Kind::Domains, Profile::Certhia) => self.domains(entry, defect, json),
            (Kind::Domains, Profile::Calidog) => self.calidog_domains(entry, defect, json),
            (_, Profile::Certhia) => self.update(entry, defect, json),
            (_, Profile::Calidog) => self.calidog_update(entry, defect, json),
        }
    }

    fn update(&mut self, entry: &Entry<'a>, defect: Option<&str>, json: &mut Json) {
        json.raw(r#"{"message_type":"certificate_update""#);
        self.cursor(entry, json);
        self.verified(entry, json);
        json.raw(r#","data":{"update_type":"#);
        json.raw(update_type(entry));
        json.raw(r#","leaf_cert":"#);
        let fault = self.leaf(entry, defect, json);
        if self.form.kind == Kind::Full {
            json.raw(r#","chain":"#);
            self.chains.write(entry, json);
        }
        json.raw(r#","cert_index":"#);
        json.number(entry.index);
        json.raw(",");
        self.source.push_link(entry.index, &mut json.out);
        json.raw(r#","seen":"#);
        json.raw(&self.seen);
        json.raw(r#","submission_timestamp":"#);
        json.milliseconds(entry.timestamp());
        json.raw(r#","source":{"#);
        json.out.extend_from_slice(&self.source.certhia);
        json.raw(r#","timestamp":"#);
        json.milliseconds(entry.timestamp());
        json.raw("}");
        push_fault(fault, json);
        push_cut(json);
        json.raw("}}");
    }

    fn calidog_update(&mut self, entry: &Entry<'a>, defect: Option<&str>, json: &mut Json) {
        json.raw("{");
        if self.form.cursor {
            self.source_cursor(r#""cursor":""#, entry, json);
            json.raw(",");
        }
        json.raw(r#""data":{"cert_index":"#);
        json.number(entry.index);
        json.raw(",");
        self.source.push_link(entry.index, &mut json.out);
        if self.form.kind == Kind::Full {
            json.raw(r#","chain":"#);
            self.chains.write(entry, json);
        }
        json.raw(r#","leaf_cert":"#);
        self.leaf(entry, defect, json);
        json.raw(r#","seen":"#);
        json.raw(&self.seen);
        json.raw(r#","source":{"#);
        json.out.extend_from_slice(&self.source.calidog);
        json.raw(r#"},"update_type":"#);
        json.raw(update_type(entry));
        json.raw(r#"},"message_type":"certificate_update"}"#);
    }

    fn domains(&mut self, entry: &Entry<'a>, defect: Option<&str>, json: &mut Json) {
        json.raw(r#"{"message_type":"dns_entries""#);
        self.cursor(entry, json);
        self.verified(entry, json);
        json.raw(r#","data":"#);
        self.names(entry, defect, json);
        push_cut(json);
        json.raw("}");
    }

    fn calidog_domains(&mut self, entry: &Entry<'a>, defect: Option<&str>, json: &mut Json) {
        json.raw("{");
        if self.form.cursor {
            self.source_cursor(r#""cursor":""#, entry, json);
            json.raw(",");
        }
        json.raw(r#""data":"#);
        self.names(entry, defect, json);
        json.raw(r#","message_type":"dns_entries"}"#);
    }

    /// `leaf_cert`; what is wrong with the entry.
    fn leaf(&mut self, entry: &Entry<'a>, defect: Option<&str>, json: &mut Json) -> Option<Malformed> {
        let precert = entry.kind() == leaf::Kind::Precert;
        let (read, otherwise) = match defect {
            None => (Certificate::parse(entry.certificate()), entry.certificate()),
            Some(reason) => (Err(Malformed::new(reason.to_owned(), 0)), &[][..]),
        };
        let read = read.as_ref().map_err(Clone::clone);
        let role = Role::Leaf { precert };
        let written = self.certificates.write(read, role, entry.submitted(), otherwise, json);
        entry.malformed().or(written.err()).or_else(|| entry.extra_fault())
    }

    fn names(&mut self, entry: &Entry<'a>, defect: Option<&str>, json: &mut Json) {
        let (names, profile) = (&mut self.certificates.names, self.form.profile);
        match (defect, Certificate::parse(entry.certificate())) {
            (Some(_), _) => names.clear(),
            // Where names can't be read to their end, those that can be found besides are among them.
            (None, Ok(certificate)) => drop(names.read(&certificate, profile)),
            (None, Err(_)) => names.read_bytes(entry.certificate()),
        }
        json.cut += names.left_out();
        names.write(profile, json);
    }

    #[inline]
    fn cursor(&self, entry: &Entry<'_>, json: &mut Json) {
        if self.form.cursor {
            self.source_cursor(r#","cursor":""#, entry, json);
        }
    }

    #[inline]
    fn source_cursor(&self, key: &str, entry: &Entry<'_>, json: &mut Json) {
        json.raw(key);
        self.source.push_cursor(entry.index, &mut json.out);
        json.raw("\"");
    }

    #[inline]
    fn verified(&self, entry: &Entry<'_>, json: &mut Json) {
        json.raw(r#","verified":"#);
        json.boolean(entry.index < self.verified);
    }
}

fn update_type(entry: &Entry<'_>) -> &'static str {
    match entry.kind() {
        leaf::Kind::Precert => r#""PrecertLogEntry""#,
        _ => r#""X509LogEntry""#,
    }
}

fn push_fault(fault: Option<Malformed>, json: &mut Json) {
    if let Some(fault) = fault {
        json.raw(r#","fault":""#);
        json.bounded_text(fault.to_string().as_bytes(), MAX_FAULT);
        json.raw("\"");
    }
}

fn push_cut(json: &mut Json) {
    if json.cut > 0 {
        json.raw(r#","truncated":"#);
        json.number(json.cut);
    }
}

/// Seconds to the microsecond; always with a point, so that every reader takes them for a float.
fn float(seconds: f64) -> String {
    let text = format!("{seconds:.6}");
    let kept = text.trim_end_matches('0');
    if kept.ends_with('.') { format!("{kept}0") } else { kept.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_floats() {
        for (seconds, text) in
            [(0.0, "0.0"), (1_700_000_000.0, "1700000000.0"), (1_581_741_558.477_939, "1581741558.477939")]
        {
            assert_eq!(float(seconds), text);
        }
    }
}
