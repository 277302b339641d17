//! XML against schemas of the service (XSD 1.0), and the envelopes of SOAP around it.
//!
//! The judgement is the library's; how .NET words what it finds is not imitated. Sources: learn.microsoft.com/azure/api-management/
//! validate-content-policy (`validate-as`, `type`: "text/xml for SOAP 1.1 APIs or application/soap+xml for SOAP 1.2 APIs"); w3.org/TR/soap,
//! w3.org/TR/soap12-part1 for the envelopes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use xsd_schema::{
    CompiledSchemaSet, EmbeddedLoader, LoaderChain, ResolverConfig, SchemaError, SchemaLoader, SchemaResolver, SchemaResult,
    SchemaSetBuilder, XsdVersion,
    validation::{
        CollectingValidationSink, DoctypeView, DriveWithError, ElementStartView, SchemaValidator, ValidationError, ValidationEventHandler,
        ValidationFlags, drive_quick_xml_with,
    },
    xml::ParseLimits,
};

use crate::{
    gateway::{entities::Schema, instance::locked},
    text::Text,
};

/// Where schemas stand for each other: `schemaLocation` names another schema of the service by its id.
const BASE: &str = "service://schemas/";
/// As deep as .NET's own reader takes documents of services, and shallow enough for any thread.
const DEEPEST: usize = 128;

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
        let mut compiled = locked(&self.compiled);
        compiled.entry((id.clone(), root)).or_insert_with(|| XmlSchema::compile(id, root, schemas).ok().map(Arc::new)).clone()
    }
}

/// A schema, ready to validate.
#[derive(Debug)]
pub struct XmlSchema {
    root: Root,
    // The library's names are kept in cells that threads may not share.
    compiled: Mutex<Compiled>,
}

struct Compiled(CompiledSchemaSet);

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
        let mut builder =
            SchemaSetBuilder::with_resolver(resolver, XsdVersion::V1_0).add_source(text, &format!("{BASE}{id}")).map_err(said)?;
        if root == Root::Envelope {
            for namespace in ENVELOPES {
                builder = builder.add_source(&envelope(namespace), namespace).map_err(said)?;
            }
        }
        let compiled = builder.compile().map_err(said)?;
        match compiled.directive_failures().first() {
            Some(missing) => {
                let location = missing.schema_location().unwrap_or("").to_owned();
                Err(format!("it names `{location}`, which is no XML schema of the service by its id"))
            }
            None => Ok(Self { root, compiled: Mutex::new(Compiled(compiled)) }),
        }
    }

    /// What is wrong with a document, in its order.
    ///
    /// # Errors
    /// Why it is no XML, or none that the service reads.
    pub fn errors(&self, document: &str) -> Result<Vec<String>, String> {
        let compiled = locked(&self.compiled);
        let set = compiled.0.schema_set();
        let validator = SchemaValidator::new(set, ValidationFlags::default() - ValidationFlags::BUILD_PSVI_TYPED_VALUES);
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        let mut run = validator.start_run(CollectingValidationSink { errors: &mut errors, warnings: &mut warnings });
        run.set_parse_limits(ParseLimits::none().with_max_depth(DEEPEST));
        let driven = drive_quick_xml_with(document.as_bytes(), &mut run, set, &mut Reading { root: self.root, is_inside: false });
        driven.map_err(|error| match error {
            DriveWithError::Hook(why) => why.to_owned(),
            error => error.to_string(),
        })?;
        run.end_validation().map_err(|error| error.to_string())?;
        drop(run);
        let place = |error: &ValidationError| {
            let path = error.instance_path()?;
            let steps: Vec<String> = path.steps().map(|step| step.name().local_name().to_owned()).collect();
            Some(format!(" Path: /{}", steps.join("/")))
        };
        Ok(errors.iter().map(|error| format!("{}.{}", error.message.trim_end_matches('.'), place(error).unwrap_or_default())).collect())
    }
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

/// The namespaces of SOAP 1.1 and 1.2.
const ENVELOPES: [&str; 2] = ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"];

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
