//! X.509 certificates as data: what `X509Certificate2` tells of them.
//!
//! Source: dotnet/runtime, System.Security.Cryptography.X509Certificates, the readers of Pal.Unix.

use x509_cert::{
    Certificate as Decoded, Version,
    der::{Decode, Encode, referenced::OwnedToRef},
    ext::pkix::name::{GeneralName, GeneralNames},
    time::Time,
};

use super::{
    asn1,
    digest::Algorithm,
    hex, names,
    rsa::Key,
    rsa_key::{self, Format},
};
use crate::dotnet::datetime::{DateTime, Kind, TICKS_PER_SECOND, UNIX_EPOCH};

const SUBJECT_ALTERNATIVE_NAME: &str = "2.5.29.17";
const ISSUER_ALTERNATIVE_NAME: &str = "2.5.29.18";
const USER_PRINCIPAL_NAME: &str = "1.3.6.1.4.1.311.20.2.3";
const COMMON_NAME: &str = "2.5.4.3";
const EMAIL: &str = "1.2.840.113549.1.9.1";

/// A certificate.
#[derive(Debug)]
pub struct Certificate {
    /// Its encoding.
    pub der: Vec<u8>,
    decoded: Decoded,
}

/// Whose name is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Whom the certificate is for.
    Subject,
    /// Who signed it.
    Issuer,
}

impl Certificate {
    /// Reads a certificate: DER, or the first of a PEM text.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let der = match asn1::first(bytes) {
            Some((whole, _)) if whole.tag == asn1::SEQUENCE => whole.whole.to_vec(),
            _ => {
                let text = std::str::from_utf8(bytes).ok()?;
                asn1::pem(text).into_iter().find(|(label, _)| matches!(label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE"))?.1
            }
        };
        let decoded = Decoded::from_der(&der).ok()?;
        Some(Self { der, decoded })
    }

    /// `Version`
    pub fn version(&self) -> i32 {
        match self.decoded.tbs_certificate.version {
            Version::V1 => 1,
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }

    /// The serial number as it is encoded, most significant byte first.
    pub fn serial(&self) -> &[u8] {
        self.decoded.tbs_certificate.serial_number.as_bytes()
    }

    /// The serial number in hexadecimal digits.
    pub fn serial_text(&self) -> String {
        hex(self.serial())
    }

    /// `Thumbprint`: the SHA-1 of the encoding.
    pub fn thumbprint(&self) -> String {
        hex(&Algorithm::Sha1.digest(&[&self.der]))
    }

    /// A name as .NET writes it.
    pub fn name_text(&self, of: Party) -> String {
        names::text_of(&self.name(of))
    }

    /// The common name in a name; empty where there is none.
    pub fn common_name(&self, of: Party) -> String {
        let mut attributes = names::attributes(&self.name(of)).unwrap_or_default().into_iter().flatten();
        attributes.find(|(known, _)| known == COMMON_NAME).map(|(_, value)| value).unwrap_or_default()
    }

    /// The encoding of a name.
    pub fn name(&self, of: Party) -> Vec<u8> {
        let name = match of {
            Party::Subject => &self.decoded.tbs_certificate.subject,
            Party::Issuer => &self.decoded.tbs_certificate.issuer,
        };
        name.to_der().unwrap_or_default()
    }

    /// `NotBefore`, in local time, which is UTC.
    pub fn not_before(&self) -> DateTime {
        date_time(self.decoded.tbs_certificate.validity.not_before)
    }

    /// `NotAfter`, in local time, which is UTC.
    pub fn not_after(&self) -> DateTime {
        date_time(self.decoded.tbs_certificate.validity.not_after)
    }

    /// `SignatureAlgorithm`
    pub fn signature_algorithm(&self) -> String {
        self.decoded.signature_algorithm.oid.to_string()
    }

    /// `GetKeyAlgorithm()`
    pub fn key_algorithm(&self) -> String {
        self.decoded.tbs_certificate.subject_public_key_info.algorithm.oid.to_string()
    }

    /// `GetKeyAlgorithmParameters()`
    pub fn key_parameters(&self) -> Vec<u8> {
        let parameters = &self.decoded.tbs_certificate.subject_public_key_info.algorithm.parameters;
        parameters.as_ref().and_then(|parameters| parameters.to_der().ok()).unwrap_or_default()
    }

    /// `GetPublicKey()`: the bits of the key alone.
    pub fn public_key(&self) -> &[u8] {
        self.decoded.tbs_certificate.subject_public_key_info.subject_public_key.raw_bytes()
    }

    /// The whole `SubjectPublicKeyInfo`.
    pub fn public_key_info(&self) -> Vec<u8> {
        self.decoded.tbs_certificate.subject_public_key_info.owned_to_ref().to_der().unwrap_or_default()
    }

    /// The public key, where it is one of RSA.
    pub fn rsa(&self) -> Option<Key> {
        (self.key_algorithm() == "1.2.840.113549.1.1.1")
            .then(|| rsa_key::decode(Format::Spki, &self.public_key_info()).ok())
            .flatten()
            .map(|(key, _)| key)
    }

    /// `GetNameInfo`, by the number of the `X509NameType`; empty where there is none.
    pub fn name_info(&self, kind: i64, of: Party) -> String {
        let alternatives = self.alternative_names(of);
        let find = |pick: fn(&GeneralName) -> Option<String>| alternatives.iter().find_map(pick);
        let attributes: Vec<(String, String)> = names::attributes(&self.name(of)).unwrap_or_default().into_iter().flatten().collect();
        let attribute = |oid: &str| attributes.iter().find(|(known, _)| known == oid).map(|(_, value)| value.clone());
        match kind {
            0 => [COMMON_NAME, "2.5.4.11", "2.5.4.10", EMAIL]
                .into_iter()
                .find_map(attribute)
                .or_else(|| attributes.last().map(|(_, value)| value.clone()))
                .or_else(|| find(email)),
            1 => find(email).or_else(|| attribute(EMAIL)),
            2 => find(principal),
            3 => find(dns).or_else(|| attribute(COMMON_NAME)),
            4 => find(dns),
            5 => find(url),
            _ => None,
        }
        .unwrap_or_default()
    }

    fn alternative_names(&self, of: Party) -> GeneralNames {
        let wanted = if of == Party::Subject { SUBJECT_ALTERNATIVE_NAME } else { ISSUER_ALTERNATIVE_NAME };
        let extensions = self.decoded.tbs_certificate.extensions.as_deref().unwrap_or(&[]);
        let found = extensions.iter().find(|extension| extension.extn_id.to_string() == wanted);
        found.and_then(|extension| GeneralNames::from_der(extension.extn_value.as_bytes()).ok()).unwrap_or_default()
    }
}

fn email(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::Rfc822Name(text) => Some(text.to_string()),
        _ => None,
    }
}

fn dns(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(text) => Some(text.to_string()),
        _ => None,
    }
}

fn url(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::UniformResourceIdentifier(text) => Some(text.to_string()),
        _ => None,
    }
}

fn principal(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::OtherName(other) if other.type_id.to_string() == USER_PRINCIPAL_NAME => {
            let encoded = other.value.to_der().ok()?;
            let (element, _) = asn1::first(&encoded)?;
            asn1::string(element.tag, element.content)
        }
        _ => None,
    }
}

fn date_time(time: Time) -> DateTime {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(0);
    DateTime { ticks: UNIX_EPOCH.saturating_add(seconds.saturating_mul(TICKS_PER_SECOND)), kind: Kind::Local }
}
