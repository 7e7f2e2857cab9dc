//! Where a certificate points: policies, CRLs, OCSP, its issuer (RFC 5280 sections 4.2.1.4, 4.2.1.13, 4.2.2.1).

use crate::certificate::Certificate;
use crate::constraints::push;
use crate::der::{self, Element};
use crate::error::{First, Result};
use crate::general_names::{self, URI};
use crate::{oids, text};

/// A policy's dotted identifier and its CPS URIs.
pub type Policy = (String, Vec<String>);

impl Certificate<'_> {
    pub fn policies(&self) -> Vec<Policy> {
        self.gather(oids::POLICIES, policies).unwrap_or_default()
    }

    /// URIs of the CRL distribution points' full names.
    pub fn crl_urls(&self) -> Vec<String> {
        self.gather(oids::CRL_POINTS, crl_points).unwrap_or_default()
    }

    /// (method, URI) of each access description that has a URI: "ocsp", "ca_issuers", or a dotted identifier.
    pub fn authority_info(&self) -> Vec<(String, String)> {
        self.gather(oids::AUTHORITY_INFO, authority_info).unwrap_or_default()
    }
}

pub(crate) fn policies(value: &Element<'_>, out: &mut Vec<Policy>) -> Result<()> {
    let mut faults = First::default();
    let mut list = value.reader().expect(der::SEQUENCE, "certificatePolicies")?.reader();
    while let Some(Some(item)) = faults.note(list.element()) {
        let mut fields = item.reader();
        let Some(oid) = faults.note(fields.expect(der::OID, "a policy's identifier")) else {
            continue;
        };
        let mut uris = Vec::new();
        if let Some(Some(qualifiers)) = faults.note(fields.element()) {
            faults.note(cps(&qualifiers, &mut uris));
        }
        push(out, (der::dotted(oid.body), uris), item.offset)?;
    }
    faults.end()
}

/// Of qualifiers those that are CPS pointers.
fn cps(qualifiers: &Element<'_>, out: &mut Vec<String>) -> Result<()> {
    let mut list = qualifiers.reader();
    while let Some(qualifier) = list.element()? {
        let mut fields = qualifier.reader();
        let oid = fields.expect(der::OID, "a policy qualifier's identifier")?;
        if oid.body == oids::CPS {
            let uri = fields.take("a CPS URI")?;
            push(out, text::render(&text::directory_bytes(&uri)).into_owned(), uri.offset)?;
        }
    }
    Ok(())
}

pub(crate) fn crl_points(value: &Element<'_>, out: &mut Vec<String>) -> Result<()> {
    let mut faults = First::default();
    let mut points = value.reader().expect(der::SEQUENCE, "CRLDistributionPoints")?.reader();
    while let Some(Some(point)) = faults.note(points.element()) {
        faults.note(full_names(&point, out));
    }
    faults.end()
}

/// DistributionPoint, its [0] DistributionPointName, the [0] fullName of that: GeneralNames.
fn full_names(point: &Element<'_>, out: &mut Vec<String>) -> Result<()> {
    let Some(name) = point.reader().optional(0xa0)? else {
        return Ok(());
    };
    let Some(names) = name.reader().optional(0xa0)? else {
        return Ok(());
    };
    general_names::each(names.reader(), |name| {
        if name.tag == URI {
            push(out, text::render(name.body).into_owned(), name.offset)?;
        }
        Ok(())
    })
}

pub(crate) fn authority_info(value: &Element<'_>, out: &mut Vec<(String, String)>) -> Result<()> {
    let mut faults = First::default();
    let mut list = value.reader().expect(der::SEQUENCE, "AuthorityInfoAccessSyntax")?.reader();
    while let Some(Some(item)) = faults.note(list.element()) {
        faults.note(access_description(&item, out));
    }
    faults.end()
}

fn access_description(item: &Element<'_>, out: &mut Vec<(String, String)>) -> Result<()> {
    let mut fields = item.reader();
    let oid = fields.expect(der::OID, "an access method")?;
    let method = match oid.body {
        oids::OCSP => "ocsp".to_owned(),
        oids::CA_ISSUERS => "ca_issuers".to_owned(),
        other => der::dotted(other),
    };
    let location = fields.take("an access location")?;
    if location.tag == URI {
        push(out, (method, text::render(location.body).into_owned()), location.offset)?;
    }
    Ok(())
}
