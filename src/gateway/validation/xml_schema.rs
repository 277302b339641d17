//! XML against schemas of the service (XSD 1.0), and the envelopes of SOAP around it.
//!
//! The judgement is the library's; how .NET words what it finds is not imitated. Sources: learn.microsoft.com/azure/api-management/
//! validate-content-policy (`validate-as`, `type`: "text/xml for SOAP 1.1 APIs or application/soap+xml for SOAP 1.2 APIs"); w3.org/TR/soap,
//! w3.org/TR/soap12-part1 for the envelopes.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use xsd_schema::{
    CompiledSchemaSet, EmbeddedLoader, LoaderChain, ResolverConfig, SchemaError, SchemaLoader, SchemaResolver, SchemaResult,
    SchemaSetBuilder, XsdVersion,
    validation::{
        DoctypeView, DriveWithError, ElementStartView, SchemaValidator, ValidationError, ValidationEventHandler, ValidationFlags,
        ValidationSink, ValidationWarning, drive_quick_xml_with,
    },
    xml::ParseLimits,
};

use crate::{
    gateway::{entities::Schema, instance::locked},
    text::Text,
};

/// Where schemas stand for each other: `schemaLocation` names another schema of the service by its id.
const BASE: &str = "service://schemas/";
/// How deep a document may nest, how many attributes an element has, and how many bytes a name: ours, and more than people write. The service
/// limits the bytes of a body alone.
const DEEPEST: usize = 128;
const MOST_ATTRIBUTES: usize = 1024;
const LONGEST_NAME: usize = 1024;
/// As many faults of a document as are told.
const MOST_FAULTS: usize = 100;
/// As much of what is told of one, in characters: values are quoted whole.
const LONGEST_FAULT: usize = 1000;
/// The library keeps every name that a document has: beyond so many bytes a schema is compiled anew.
const MOST_NAMES: usize = 4 << 20;

/// What the root of a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// An element of the schema.
    Element,
    /// An envelope of SOAP 1.1 or 1.2, with elements of the schema in its body.
    Envelope,
}

/// Schemas of a gateway, each compiled when it is first needed.
#[derive(Debug, Default)]
pub struct XmlSchemas {
    compiled: Mutex<HashMap<(Text, Root), Found>>,
}

/// None where the id is that of no XML schema.
type Found = Option<Arc<XmlSchema>>;

impl XmlSchemas {
    /// What validates by the schema `id` of these; none where that is no XML schema.
    pub fn get(&self, id: &Text, root: Root, schemas: &BTreeMap<Text, Schema>) -> Option<Arc<XmlSchema>> {
        if !matches!(schemas.get(id), Some(Schema::Xml(_))) {
            return None;
        }
        let compile = || XmlSchema::compile(id, root, schemas).ok().map(Arc::new);
        let mut compiled = locked(&self.compiled);
        let known = compiled.entry((id.clone(), root)).or_insert_with(compile);
        if known.as_ref().is_some_and(|schema| schema.is_worn()) {
            *known = compile();
        }
        known.clone()
    }
}

/// A schema, ready to validate.
#[derive(Debug)]
pub struct XmlSchema {
    root: Root,
    // The library's names are kept in cells that threads may not share.
    compiled: Mutex<Compiled>,
    /// What names of documents have come to since, in bytes.
    names: AtomicUsize,
}

struct Compiled {
    set: CompiledSchemaSet,
    /// What its names take before any document's.
    names: usize,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Compiled")
    }
}

impl XmlSchema {
    /// Compiles the schema `id`, with those that it includes and imports.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(id: &str, root: Root, schemas: &BTreeMap<Text, Schema>) -> Result<Self, String> {
        let envelopes: &[&[&str]] = match root {
            Root::Element => &[&[]],
            // One that includes the envelope's own schema has no room for ours, which declares the same again.
            Root::Envelope => &[&ENVELOPES, &[SOAP_12], &[SOAP_11], &[]],
        };
        let mut compiled = Err(String::new());
        for envelopes in envelopes {
            compiled = with_envelopes(id, envelopes, schemas);
            if compiled.is_ok() {
                break;
            }
        }
        let set = compiled?;
        match set.directive_failures().first() {
            Some(missing) => {
                let location = missing.schema_location().unwrap_or("").to_owned();
                Err(format!("it names `{location}`, which is no XML schema of the service by its id"))
            }
            None => {
                let names = set.schema_set().name_table.heap_bytes();
                Ok(Self { root, compiled: Mutex::new(Compiled { set, names }), names: AtomicUsize::new(0) })
            }
        }
    }

    fn is_worn(&self) -> bool {
        self.names.load(Ordering::Relaxed) > MOST_NAMES
    }

    /// What is wrong with a document, in its order.
    ///
    /// # Errors
    /// Why it is no XML, or none that the service reads.
    pub fn errors(&self, document: &str) -> Result<Vec<String>, String> {
        let compiled = locked(&self.compiled);
        let set = compiled.set.schema_set();
        // `xml:lang` and its like may stand anywhere, as .NET's settings are unless somebody changes them.
        // Source: learn.microsoft.com/dotnet/api/system.xml.xmlreadersettings.validationflags.
        let flags = ValidationFlags::REPORT_WARNINGS | ValidationFlags::ALLOW_XML_ATTRIBUTES;
        let validator = SchemaValidator::new(set, flags);
        let mut faults = Faults(Vec::new());
        let mut run = validator.start_run(&mut faults);
        let limits = ParseLimits::none().with_max_depth(DEEPEST).with_max_attributes(MOST_ATTRIBUTES).with_max_name_bytes(LONGEST_NAME);
        run.set_parse_limits(limits);
        let driven = drive_quick_xml_with(document.as_bytes(), &mut run, set, &mut Reading { root: self.root, is_inside: false });
        self.names.store(set.name_table.heap_bytes().saturating_sub(compiled.names), Ordering::Relaxed);
        driven.map_err(|error| match error {
            DriveWithError::Hook(why) => why.to_owned(),
            error => error.to_string(),
        })?;
        let ended = run.end_validation().map_err(|error| error.to_string());
        drop(run);
        ended?;
        Ok(faults.0)
    }
}

/// What is wrong with a document: each with the path of what it is about.
struct Faults(Vec<String>);

impl ValidationSink for &mut Faults {
    fn on_error(&mut self, error: ValidationError) {
        if self.0.len() >= MOST_FAULTS {
            return;
        }
        let steps: Option<Vec<String>> =
            error.instance_path().map(|path| path.steps().map(|step| step.name().local_name().to_owned()).collect());
        let place = steps.map_or(String::new(), |steps| format!(" Path: /{}", steps.join("/")));
        let told = format!("{}.{place}", error.message.trim_end_matches('.'));
        self.0.push(told.chars().take(LONGEST_FAULT).collect());
    }

    fn on_warning(&mut self, _warning: ValidationWarning) {}
}

/// The text of a document, as its first bytes and its declaration say that it is written.
///
/// # Errors
/// Why it is no text.
pub fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks(2).map(|pair| unit([pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)]));
        char::decode_utf16(units).collect::<Result<String, _>>().map(Cow::Owned).map_err(|error| error.to_string())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).map(Cow::Borrowed).map_err(|error| error.to_string()),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) if is_latin_1(bytes) => Ok(Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect())),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// Whether the declaration names ISO 8859-1.
fn is_latin_1(bytes: &[u8]) -> bool {
    let declaration = bytes.split(|byte| *byte == b'>').next().unwrap_or_default();
    let declaration = String::from_utf8_lossy(declaration).to_ascii_lowercase();
    declaration.starts_with("<?xml") && (declaration.contains("\"iso-8859-1\"") || declaration.contains("'iso-8859-1'"))
}

/// What no schema says of a document.
struct Reading {
    root: Root,
    is_inside: bool,
}

impl ValidationEventHandler for Reading {
    type Error = &'static str;

    fn before_element(&mut self, view: ElementStartView<'_>) -> Result<(), Self::Error> {
        let is_root = !std::mem::replace(&mut self.is_inside, true);
        let is_envelope = view.local_name == "Envelope" && ENVELOPES.contains(&view.namespace_uri);
        match self.root {
            Root::Envelope if is_root && !is_envelope => Err("The root element is no envelope of SOAP 1.1 or 1.2."),
            _ => Ok(()),
        }
    }

    /// .NET's reader refuses it, as its settings are unless somebody changes them (`DtdProcessing.Prohibit`).
    fn on_doctype(&mut self, _doctype: DoctypeView<'_>) -> Result<(), Self::Error> {
        Err("For security reasons DTD is prohibited in this XML document.")
    }
}

/// The schemas of the service, and nothing else: no file and no host.
#[derive(Debug)]
struct OfService(BTreeMap<Text, Text>);

impl SchemaLoader for OfService {
    fn load(&self, location: &str) -> SchemaResult<String> {
        let id = location.strip_prefix(BASE).unwrap_or(location);
        match self.0.get(id) {
            Some(text) => Ok(text.to_string()),
            None => Err(SchemaError::ResolutionError { message: format!("the service has no XML schema `{id}`") }),
        }
    }

    fn can_load(&self, _location: &str) -> bool {
        true
    }
}

const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";
const ENVELOPES: [&str; 2] = [SOAP_11, SOAP_12];

/// The schema `id` beside those of these envelopes.
fn with_envelopes(id: &str, envelopes: &[&str], schemas: &BTreeMap<Text, Schema>) -> Result<CompiledSchemaSet, String> {
    let Some(Schema::Xml(text)) = schemas.get(id) else { return Err(format!("`{id}` is no XML schema of the service")) };
    let texts = schemas.iter().filter_map(|(id, schema)| match schema {
        Schema::Xml(text) => Some((id.clone(), text.clone())),
        Schema::Json(_) => None,
    });
    let mut loaders = LoaderChain::new();
    // `xml:lang` and the like, which the library brings with it.
    loaders.add(Box::new(EmbeddedLoader::new()));
    loaders.add(Box::new(OfService(texts.collect())));
    let config = ResolverConfig { allow_network: false, ..ResolverConfig::default() };
    let mut resolver = SchemaResolver::with_config_and_loader(config, Box::new(loaders));
    resolver.catalog_mut().add_xml_catalog();
    let said = |error: SchemaError| error.to_string().replace(BASE, "");
    let mut builder = SchemaSetBuilder::with_resolver(resolver, XsdVersion::V1_0).add_source(text, &format!("{BASE}{id}")).map_err(said)?;
    for namespace in envelopes {
        builder = builder.add_source(&envelope(namespace), namespace).map_err(said)?;
    }
    builder.compile().map_err(said)
}

/// The schema of an envelope: what stands in the body is declared somewhere; headers may be anything.
fn envelope(namespace: &str) -> String {
    format!(
        r###"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:s="{namespace}" targetNamespace="{namespace}" elementFormDefault="qualified">
  <xs:element name="Envelope">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="Header" minOccurs="0">
          <xs:complexType>
            <xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
            <xs:anyAttribute processContents="lax"/>
          </xs:complexType>
        </xs:element>
        <xs:element name="Body">
          <xs:complexType>
            <xs:sequence><xs:any processContents="strict" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
            <xs:anyAttribute processContents="lax"/>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:anyAttribute processContents="lax"/>
    </xs:complexType>
  </xs:element>
  <xs:element name="Fault">
    <xs:complexType>
      <xs:sequence><xs:any processContents="lax" namespace="##any" minOccurs="1" maxOccurs="unbounded"/></xs:sequence>
      <xs:anyAttribute processContents="lax"/>
    </xs:complexType>
  </xs:element>
</xs:schema>"###
    )
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const SCHEMA: &str = r###"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">
        <xs:complexType name="p"><xs:sequence><xs:element name="b" type="xs:decimal" minOccurs="0" maxOccurs="3"/></xs:sequence></xs:complexType>
        <xs:element name="a" nillable="true"><xs:complexType><xs:complexContent><xs:extension base="t:p">
        <xs:choice maxOccurs="unbounded" minOccurs="0"><xs:element ref="t:a"/><xs:any namespace="##other" processContents="lax"/></xs:choice>
        <xs:attribute name="k" type="xs:ID"/></xs:extension></xs:complexContent></xs:complexType>
        <xs:key name="u"><xs:selector xpath="t:a"/><xs:field xpath="@k"/></xs:key></xs:element></xs:schema>"###;

    /// Pieces of documents and of schemas, whole and broken.
    const PIECES: [&str; 44] = [
        "<a xmlns='urn:t'>",
        "<t:a xmlns:t=\"urn:t\" k='x'>",
        "</a>",
        "</t:a>",
        "<a>",
        "<b>",
        "</b>",
        "<b/>",
        "1.5",
        "x",
        " ",
        "\n",
        "<",
        ">",
        "&",
        "&amp;",
        "&#x41;",
        "&#0;",
        "&e;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?x y?>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a [<!ENTITY e 'x'>]>",
        "<c xmlns='urn:c' d='e'/>",
        "<a xmlns='urn:t' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:nil='true'/>",
        "<a xmlns='urn:t' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='t:p'/>",
        "xml:lang='en'",
        "\u{feff}",
        "\u{0}",
        "é",
        "𝄞",
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>",
        "</xs:schema>",
        "<xs:element name='a' type='xs:int'/>",
        "<xs:element name='a'>",
        "<xs:complexType>",
        "<xs:sequence maxOccurs='99999999999'>",
        "<xs:element ref='a'/>",
        "<xs:include schemaLocation='one'/>",
        "<xs:simpleType><xs:restriction base='xs:string'><xs:pattern value='(['/></xs:restriction></xs:simpleType>",
        "</xs:element>",
    ];

    /// How bodies begin that say how they are written.
    const STARTS: [&[u8]; 5] = [b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"<?xml encoding='iso-8859-1'?>"];

    fn schemas(text: &str) -> BTreeMap<Text, Schema> {
        [(Text::from("one"), Schema::Xml(Text::copied(text)))].into_iter().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn no_body_breaks_a_schema(pieces in vec(select(&PIECES[..]), 0..40), root in select(&[Root::Element, Root::Envelope][..])) {
            let schema = XmlSchema::compile("one", root, &schemas(SCHEMA)).unwrap();
            let _ = schema.errors(&pieces.concat());
            // What came before makes no difference.
            if root == Root::Element {
                prop_assert_eq!(schema.errors("<a xmlns='urn:t'/>"), Ok(Vec::new()));
            }
        }

        #[test]
        fn no_text_breaks_the_compiler(pieces in vec(select(&PIECES[..]), 0..30)) {
            let text = format!("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>{}</xs:schema>", pieces.concat());
            for text in [text, pieces.concat()] {
                let _ = Schema::check("one", &schemas(&text));
            }
        }

        #[test]
        fn every_body_is_decoded_or_refused(bytes in vec(any::<u8>(), 0..60), start in select(&STARTS[..])) {
            let _ = decoded(&[start, &bytes].concat());
        }
    }

    /// The library keeps names: a schema that has met many is made anew, and judges as before.
    #[test]
    fn a_schema_that_has_met_too_many_names_is_made_anew() {
        let (cache, schemas, id) = (XmlSchemas::default(), schemas(SCHEMA), Text::from("one"));
        let first = cache.get(&id, Root::Element, &schemas).unwrap();
        let mut round = 0;
        while !first.is_worn() {
            let names: String = (0..200).map(|name| format!("<n{round}x{name}{} xmlns='urn:c'/>", "y".repeat(900))).collect();
            assert_eq!(first.errors(&format!("<a xmlns='urn:t'>{names}</a>")), Ok(Vec::new()));
            round += 1;
            assert!(round < 100, "names are bounded");
        }
        let second = cache.get(&id, Root::Element, &schemas).unwrap();
        assert!(
            !second.is_worn() && !Arc::ptr_eq(&first, &second) && Arc::ptr_eq(&second, &cache.get(&id, Root::Element, &schemas).unwrap())
        );
        assert_eq!(second.errors("<a xmlns='urn:t'/>"), Ok(Vec::new()));
    }
}
