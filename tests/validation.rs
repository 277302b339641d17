//! Validation of bodies, parameters, headers and statuses. Source of the errors, their format and statuses: "Validation errors" in
//! learn.microsoft.com/azure/api-management/validate-content-policy; of the rest: each policy's page there. The words behind
//! "does not conform" are Json.NET Schema's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;

use openai_failover::{
    gateway::{Api, Entities, Operation, definition, entities::Schema},
    policy::Resources,
    text::Text,
};
use serde_json::{Value, json};
use support::{Answered, World, respond};

const INTERNAL: &str = "The request could not be processed due to an internal error. Contact the API owner.";

/// The API's definition.
fn document() -> Value {
    json!({
        "openapi": "3.0.1",
        "paths": {
            "/pets/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
                "put": {
                    "operationId": "put-pet",
                    "parameters": [
                        {"name": "verbose", "in": "query", "schema": {"type": "boolean", "nullable": true}},
                        {"name": "limit", "in": "query", "required": true, "schema": {"type": "integer", "minimum": 1}},
                        {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}},
                        {"$ref": "#/components/parameters/kind"}
                    ],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                    "responses": {
                        "200": {
                            "headers": {"X-Count": {"schema": {"type": "integer"}}},
                            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
                        },
                        "404": {"description": "none"}
                    }
                }
            }
        },
        "components": {
            "parameters": {"kind": {"name": "X-Kind", "in": "header", "schema": {"type": "string", "maxLength": 3}}},
            "schemas": {
                "Pet": {
                    "type": "object",
                    "required": ["name", "age"],
                    "properties": {
                        "name": {"type": "string", "minLength": 2},
                        "age": {"type": "integer", "minimum": 0},
                        "parent": {"$ref": "#/components/schemas/Pet"}
                    }
                }
            }
        }
    })
}

fn entities() -> Entities {
    Entities { schemas: schemas(), definitions: definition::open_api(&document()), ..Entities::default() }
}

fn schemas() -> BTreeMap<Text, Schema> {
    let json = [
            (
                "pet",
                json!({
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "kind": {"enum": ["cat", "dog"]}, "tags": {"type": "array", "maxItems": 1, "items": {"type": "string", "pattern": "^[a-z]+$"}}},
                    "additionalProperties": false
                }),
            ),
            ("shared", json!({"components": {"schemas": {"number": {"type": "number", "maximum": 9}}}})),
        ].map(|(id, schema)| (Text::from(id), Schema::Json(schema)));
    let xml = [("order", ORDER), ("parts", PARTS), ("place", PLACE)].map(|(id, schema)| (Text::from(id), Schema::Xml(schema.into())));
    json.into_iter().chain(xml).collect()
}

/// A namespace of its own, a type of another schema of the service, every kind of thing that can be wrong.
const ORDER: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:o="urn:order" targetNamespace="urn:order" elementFormDefault="qualified">
  <xs:include schemaLocation="parts" />
  <xs:element name="order">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="id" type="xs:int" />
        <xs:element name="item" type="o:colour" minOccurs="0" maxOccurs="2" />
      </xs:sequence>
      <xs:attribute name="lang" type="xs:language" use="required" />
    </xs:complexType>
  </xs:element>
</xs:schema>"#;

const PLACE: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="place"><xs:simpleType><xs:restriction base="xs:string"><xs:maxLength value="6" /></xs:restriction></xs:simpleType></xs:element>
</xs:schema>"#;

const PARTS: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:order">
  <xs:simpleType name="colour"><xs:restriction base="xs:token"><xs:enumeration value="red" /><xs:enumeration value="blue" /></xs:restriction></xs:simpleType>
</xs:schema>"#;

fn api() -> Api {
    let operation = |id: &'static str, url_template: &'static str| Operation {
        id: id.into(),
        name: id.into(),
        method: "PUT".into(),
        url_template: url_template.into(),
    };
    Api {
        path: "".into(),
        subscription_required: false,
        operations: vec![operation("put-pet", "/pets/{id}"), operation("undefined", "/other")],
        ..Api::default()
    }
}

/// Inbound and outbound around a backend; an error shows itself and the variable `v` in headers.
fn around(inbound: &str, outbound: &str) -> String {
    let last = |name: &str| {
        format!("<set-header name=\"X-{name}\"><value>@((context.LastError.{name} ?? \"\").Replace(\"\\n\", \"|\"))</value></set-header>")
    };
    let found = "<set-header name=\"X-Found\"><value>@(context.Variables.ContainsKey(\"v\") ? JsonConvert.SerializeObject(context.Variables[\"v\"]) : \"none\")</value></set-header>";
    let shown: String = ["Source", "Reason", "Message", "Section"].iter().map(|name| last(name)).collect();
    format!(
        "<policies><inbound><set-backend-service base-url=\"https://b.example\" />{inbound}</inbound><outbound>{outbound}{found}</outbound>\
         <on-error>{shown}{found}</on-error></policies>"
    )
}

fn world(text: &str) -> World {
    World::with(text, "Sweden Central", api(), Resources::default()).entities(entities()).method("PUT")
}

fn told(answer: &Answered) -> String {
    serde_json::from_slice::<Value>(&answer.body).unwrap()["message"].as_str().unwrap_or("").replace('\n', "|")
}

/// Sends a body through `validate-content` in inbound.
fn content(policy: &str, path: &str, content_type: &'static str, body: &str) -> Answered {
    world(&around(policy, "")).on("b.example", |_| respond(200, &[], "{}")).send(
        path,
        &[("Content-Type", content_type)],
        Some(body.as_bytes()),
    )
}

fn validate(children: &str) -> String {
    format!(
        "<validate-content unspecified-content-type-action=\"prevent\" max-size=\"60\" size-exceeded-action=\"prevent\" errors-variable-name=\"v\">{children}</validate-content>"
    )
}

const BY_ID: &str = "<content type=\"application/json\" validate-as=\"json\" action=\"prevent\" schema-id=\"pet\" />";

/// Each row for bodies of requests: the client hears the public response, `LastError` and the variable hold the details.
/// Cases of `validate-content`: learn.microsoft.com/azure/api-management/validate-content-policy
#[test]
fn each_error_of_a_request_body_has_its_row() {
    let wrong = |said: &str| {
        format!(
            "Body of the request does not conform to the definition pet, which is associated with the content type application/json.||{said}"
        )
    };
    let own = |text: &str| text.to_owned();
    for (case, content_type, body, name, kind, rule, details, public) in [
        (
            "missing",
            "application/json",
            "{}",
            "application/json",
            "RequestBody",
            "IncorrectMessage",
            wrong("Required properties are missing from object: name. Line: 1, Position: 1"),
            None,
        ),
        (
            "type",
            "application/json; charset=utf-8",
            "{\"name\": 1}",
            "application/json",
            "RequestBody",
            "IncorrectMessage",
            wrong("Invalid type. Expected String but got Integer. Line: 1, Position: 10"),
            None,
        ),
        (
            "line",
            "application/json",
            "{\n \"name\": true\n}",
            "application/json",
            "RequestBody",
            "IncorrectMessage",
            wrong("Invalid type. Expected String but got Boolean. Line: 2, Position: 13"),
            None,
        ),
        (
            "extra",
            "application/json",
            "{\"name\":\"x\",\"y\":1}",
            "application/json",
            "RequestBody",
            "IncorrectMessage",
            wrong("Property 'y' has not been defined and the schema does not allow additional properties. Line: 1, Position: 17"),
            None,
        ),
        (
            "enum",
            "application/json",
            "{\"name\":\"x\",\"kind\":\"cow\"}",
            "application/json",
            "RequestBody",
            "IncorrectMessage",
            wrong("Value \"cow\" is not defined in enum. Line: 1, Position: 24"),
            None,
        ),
        (
            "pattern",
            "application/json",
            "{\"name\":\"x\",\"tags\":[\"A\"]}",
            "application/json",
            "RequestBody",
            "IncorrectMessage",
            wrong("String 'A' does not match regex pattern '^[a-z]+$'. Line: 1, Position: 23"),
            None,
        ),
        (
            "too many",
            "application/json",
            "{\"name\":\"x\",\"tags\":[\"a\",\"b\"]}",
            "application/json",
            "RequestBody",
            "IncorrectMessage",
            wrong("Array item count 2 exceeds maximum count of 1. Line: 1, Position: 20"),
            None,
        ),
        (
            "size",
            "application/json",
            "{\"name\":\"012345678901234567890123456789012345678901234567890\"}",
            "",
            "RequestBody",
            "SizeLimit",
            own("Request's body is 62 bytes long and it exceeds the configured limit of 60 bytes."),
            Some("Request's body is 62 bytes long and it exceeds the limit of 60 bytes."),
        ),
        (
            "unspecified",
            "text/plain",
            "x",
            "text/plain",
            "RequestBody",
            "Unspecified",
            own("Unspecified content type text/plain is not allowed."),
            None,
        ),
    ] {
        let answer = content(&validate(BY_ID), "/other", content_type, body);
        assert_eq!((answer.head.status, answer.sent.len()), (400, 0), "{case}");
        let seen = ["Source", "Reason", "Message", "Section"].map(|name| answer.header(&format!("X-{name}")));
        assert_eq!(seen, ["validate-content", "Bad request", &details, "inbound"], "{case}");
        assert_eq!(told(&answer), public.map_or(details.clone(), str::to_owned), "{case}");
        let found: Value = serde_json::from_str(&answer.header("X-Found")).unwrap();
        let expected =
            json!([{"Name": name, "Type": kind, "ValidationRule": rule, "Details": details.replace('|', "\n"), "Action": "prevent"}]);
        assert_eq!(found, expected, "{case}");
    }
    let good = content(&validate(BY_ID), "/other", "application/json", "{\"name\":\"x\",\"kind\":\"cat\"}");
    assert_eq!((good.head.status, good.sent.len(), good.header("X-Found").as_str()), (200, 1, "none"));
}

#[test]
fn what_is_no_json_or_has_no_schema_is_an_internal_error_to_the_client() {
    for (children, body, kind, details) in [
        (BY_ID.to_owned(), "{", "RequestBody", "Body of the request cannot be validated for the content type application/json.||"),
        (BY_ID.replace("\"pet\"", "\"none\""), "{}", "ApiSchema", "API's schema does not exist or it could not be resolved."),
        (BY_ID.replace(" schema-id=\"pet\"", ""), "{}", "ApiSchema", "API's schema does not exist or it could not be resolved."),
    ] {
        let answer = content(&validate(&children), "/other", "application/json", body);
        assert_eq!((answer.head.status, told(&answer).as_str()), (400, INTERNAL), "{details}");
        assert!(answer.header("X-Message").starts_with(details), "{}", answer.header("X-Message"));
        let found: Value = serde_json::from_str(&answer.header("X-Found")).unwrap();
        assert_eq!(found[0]["Type"], kind);
    }
}

#[test]
fn detection_logs_and_lets_pass_and_ignoring_does_neither() {
    let policy = |unspecified: &str, exceeded: &str, action: &str| {
        format!(
            "<validate-content unspecified-content-type-action=\"{unspecified}\" max-size=\"5\" size-exceeded-action=\"{exceeded}\" errors-variable-name=\"v\">\
             <content type=\"application/json\" validate-as=\"json\" action=\"{action}\" schema-id=\"pet\" /></validate-content>"
        )
    };
    for (policy, content_type, rules) in [
        (policy("prevent", "detect", "detect"), "application/json", "SizeLimit detect, IncorrectMessage detect"),
        (policy("prevent", "ignore", "@(\"de\" + \"tect\")"), "application/json", "IncorrectMessage detect"),
        (policy("prevent", "ignore", "ignore"), "application/json", ""),
        (policy("detect", "ignore", "prevent"), "text/plain", "Unspecified detect"),
        (policy("ignore", "ignore", "prevent"), "text/plain", ""),
    ] {
        let answer = content(&policy, "/other", content_type, "{\"name\":7}");
        assert_eq!((answer.head.status, answer.sent.len()), (200, 1), "{policy}");
        let found: Vec<Value> = serde_json::from_str(&answer.header("X-Found")).unwrap_or_default();
        let found: Vec<String> = found
            .iter()
            .map(|found| format!("{} {}", found["ValidationRule"].as_str().unwrap(), found["Action"].as_str().unwrap()))
            .collect();
        assert_eq!(found.join(", "), rules, "{policy}");
        assert_eq!(answer.messages().len(), found.len(), "what is detected is in the trace");
    }
}

/// Types by other names: "content-type-map attributes" and "elements" of the page.
#[test]
fn content_types_are_mapped() {
    let map = |attributes: &str, children: &str| validate(&format!("<content-type-map {attributes}>{children}</content-type-map>{BY_ID}"));
    for (policy, content_type, passes) in [
        (map("missing-content-type-value=\"application/json\"", ""), "", true),
        (map("missing-content-type-value=\"application/json\"", ""), "text/plain", false),
        (map("any-content-type-value=\"application/json\"", ""), "text/plain", true),
        (map("", "<type from=\"application/hal+json\" to=\"application/json\" />"), "application/HAL+json", true),
        (map("", "<type when=\"@(context.Request.Method == \"PUT\")\" to=\"application/json\" />"), "text/plain", true),
        (map("any-content-type-value=\"text/x\"", "<type from=\"text/plain\" to=\"application/json\" />"), "text/plain", true),
    ] {
        let answer = content(&policy, "/other", content_type, "{\"name\":\"x\"}");
        assert_eq!(answer.head.status, if passes { 200 } else { 400 }, "{policy} {content_type}");
    }
}

/// "content attributes" of the page.
#[test]
fn schemas_by_reference_and_with_other_wishes() {
    let with =
        |attributes: &str| validate(&format!("<content validate-as=\"json\" type=\"application/json\" action=\"prevent\" {attributes} />"));
    for (attributes, body, passes) in [
        ("schema-id=\"shared\" schema-ref=\"#/components/schemas/number\"", "9", true),
        ("schema-id=\"shared\" schema-ref=\"#/components/schemas/number\"", "10", false),
        ("schema-id=\"shared\" schema-ref=\"#/components/schemas/absent\"", "9", false),
        ("schema-id=\"pet\" allow-additional-properties=\"true\"", "{\"name\":\"x\",\"y\":1}", true),
        ("schema-id=\"pet\" allow-additional-properties=\"false\"", "{\"name\":\"x\",\"y\":1}", false),
        ("schema-id=\"pet\"", "{\"NAME\":\"x\"}", false),
        ("schema-id=\"pet\" case-insensitive-property-names=\"true\"", "{\"NAME\":\"x\"}", true),
    ] {
        let answer = content(&with(attributes), "/other", "application/json", body);
        assert_eq!(answer.head.status, if passes { 200 } else { 400 }, "{attributes} {body}");
    }
    // The definition's own schema, found by operation and type; a definition within itself takes anything at the second turn.
    let own = validate("<content validate-as=\"json\" action=\"prevent\" />");
    for (body, passes) in [
        ("{\"name\":\"ab\",\"age\":1}", true),
        ("{\"name\":\"a\",\"age\":1}", false),
        ("{\"name\":\"ab\"}", false),
        ("{\"name\":\"ab\",\"age\":1,\"parent\":{}}", true),
    ] {
        let answer = content(&own, "/pets/1", "application/json", body);
        assert_eq!(answer.head.status, if passes { 200 } else { 400 }, "{body}: {}", answer.header("X-Message"));
    }
    let answer = content(&own, "/pets/1", "application/json", "{\"age\":-1}");
    assert_eq!(
        told(&answer),
        "Body of the request does not conform to the definition Pet, which is associated with the content type application/json.||\
         Required properties are missing from object: name. Line: 1, Position: 1"
    );
    let found: Vec<Value> = serde_json::from_str(&answer.header("X-Found")).unwrap();
    assert_eq!(found.len(), 2, "all errors are logged: {found:?}");
    assert!(
        found[1]["Details"].as_str().unwrap().ends_with("Integer -1 is less than minimum value of 0. Line: 1, Position: 9"),
        "{found:?}"
    );
}

/// Sends XML through `validate-content`.
fn xml(kind: &str, id: &str, content_type: &'static str, body: &str) -> Answered {
    let policy = format!(
        "<validate-content unspecified-content-type-action=\"prevent\" max-size=\"4000\" size-exceeded-action=\"prevent\" errors-variable-name=\"v\">\
         <content type=\"{content_type}\" validate-as=\"{kind}\" action=\"prevent\" schema-id=\"{id}\" /></validate-content>"
    );
    content(&policy, "/other", content_type, body)
}

/// What conforms and what does not is what libxml2 2.14 says of the same documents; how it is said are the library's words.
/// Cases of `validate-content`: learn.microsoft.com/azure/api-management/validate-content-policy
#[test]
fn xml_is_held_against_schemas_of_the_service() {
    for (body, said) in [
        ("<order xmlns='urn:order' lang='en'><id>1</id><item>red</item></order>", ""),
        ("<a:order xmlns:a='urn:order' lang='en'><a:id> 7 </a:id></a:order>", ""),
        ("\u{feff}<?xml version='1.0'?><order xmlns='urn:order' lang='en'><id>1</id></order>", ""),
        ("<order xmlns='urn:order' lang='en' xml:lang='en' xml:space='preserve'><id>1</id></order>", ""),
        ("<order lang='en'><id>1</id></order>", "Element 'order' is not declared. Path: /order"),
        ("<order xmlns='urn:other' lang='en'><id>1</id></order>", "Element 'order' is not declared. Path: /order"),
        (
            "<a:order xmlns:a='urn:order' lang='en'><id>1</id></a:order>",
            "Element 'id' is not allowed at this position in the content model.",
        ),
        ("<order xmlns='urn:order'><id>1</id></order>", "Required attribute 'lang' is missing. Path: /order"),
        (
            "<order xmlns='urn:order' lang='en' more='1'><id>1</id></order>",
            "Attribute 'more' is not allowed for this element. Path: /order/more",
        ),
        ("<order xmlns='urn:order' lang='en'><id>x</id></order>", "Invalid int value 'x': invalid digit found in string. Path: /order/id"),
        ("<order xmlns='urn:order' lang='en'><id>1</id><item>green</item></order>", "Path: /order/item"),
        ("<order xmlns='urn:order' lang='en'/>", "Element 'order' content model is incomplete: expected more child elements. Path: /order"),
    ] {
        let answer = xml("xml", "order", "application/xml", body);
        if said.is_empty() {
            assert_eq!(answer.head.status, 200, "{body}: {}", answer.header("X-Message"));
            continue;
        }
        let begin =
            "Body of the request does not conform to the definition order, which is associated with the content type application/xml.||";
        let told = told(&answer);
        assert_eq!(answer.head.status, 400, "{body}");
        assert!(told.starts_with(begin) && told.contains(said), "{body}: {told}");
    }
    let broken = xml("xml", "order", "application/xml", "<order");
    assert_eq!((broken.head.status, told(&broken)), (400, INTERNAL.to_owned()), "what cannot be read is told to nobody outside");
    assert!(broken.header("X-Message").starts_with("Body of the request cannot be validated for the content type application/xml."));
    for (kind, id) in [("xml", "nothing"), ("xml", "pet"), ("json", "order")] {
        let answer = xml(kind, id, "application/xml", "<order xmlns='urn:order' lang='en'><id>1</id></order>");
        assert_eq!(answer.header("X-Message"), "API's schema does not exist or it could not be resolved.", "{kind} {id}");
    }
}

/// A body says by its first bytes or its declaration how it is written. Source: w3.org/TR/xml, appendix F.
#[test]
fn xml_is_read_as_it_is_written() {
    let policy = "<validate-content unspecified-content-type-action=\"prevent\" max-size=\"4000\" size-exceeded-action=\"prevent\">\
                  <content type=\"application/xml\" validate-as=\"xml\" action=\"prevent\" schema-id=\"place\" /></validate-content>";
    let utf16 = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let place = "<place>Örebro</place>";
    let declared = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{place}");
    for (name, body, passes) in [
        ("UTF-8", place.as_bytes().to_vec(), true),
        ("little-endian", utf16(&format!("\u{feff}{place}"), u16::to_le_bytes), true),
        ("big-endian", utf16(&format!("\u{feff}{place}"), u16::to_be_bytes), true),
        ("Latin-1", declared.chars().map(|c| c as u8).collect(), true),
        ("Latin-1 without a word of it", place.chars().map(|c| c as u8).collect(), false),
        ("too long", "<place>Örebro!</place>".as_bytes().to_vec(), false),
    ] {
        let mut world = world(&around(policy, "")).on("b.example", |_| respond(200, &[], "{}"));
        let answer = world.send("/other", &[("Content-Type", "application/xml")], Some(&body));
        assert_eq!(answer.head.status, if passes { 200 } else { 400 }, "{name}: {}", answer.header("X-Message"));
    }
}

/// What one document has in faults and names is told, and kept, in a measure.
#[test]
fn no_document_makes_more_of_itself() {
    let many = format!("<order xmlns='urn:order' lang='en'><id>1</id>{}</order>", "<x/>".repeat(500));
    let answer = xml("xml", "order", "application/xml", &many);
    let found: Vec<Value> = serde_json::from_str(&answer.header("X-Found")).unwrap();
    assert_eq!((answer.head.status, found.len()), (400, 100));
    let long = format!("<order xmlns='urn:order' lang='en'><id>{}</id></order>", "x".repeat(3000));
    assert!(xml("xml", "order", "application/xml", &long).header("X-Message").len() < 1500);
}

/// A schema that is, or brings, the envelope's own takes the place of ours.
#[test]
fn a_service_may_bring_the_schema_of_the_envelope() {
    let schemas = [
        (
            "soap",
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace=\"http://schemas.xmlsoap.org/soap/envelope/\"><xs:element name='Envelope'/></xs:schema>",
        ),
        (
            "all",
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:import namespace='http://schemas.xmlsoap.org/soap/envelope/' schemaLocation='soap'/><xs:element name='a'/></xs:schema>",
        ),
    ];
    let schemas: BTreeMap<Text, Schema> = schemas.into_iter().map(|(id, text)| (id.into(), Schema::Xml(text.into()))).collect();
    assert_eq!(schemas.keys().map(|id| Schema::check(id, &schemas)).collect::<Vec<_>>(), [Ok(()), Ok(())]);
}

/// Cases of `validate-content`: learn.microsoft.com/azure/api-management/validate-content-policy, `type` and `validate-as`; the envelopes:
/// w3.org/TR/soap, w3.org/TR/soap12-part1
#[test]
fn an_envelope_is_held_against_the_schema_of_what_it_carries() {
    const OLD: &str = "http://schemas.xmlsoap.org/soap/envelope/";
    const NEW: &str = "http://www.w3.org/2003/05/soap-envelope";
    let envelope = |namespace: &str, inner: &str| format!("<s:Envelope xmlns:s='{namespace}'>{inner}</s:Envelope>");
    let body = |inner: &str| format!("<s:Body>{inner}</s:Body>");
    let good = "<order xmlns='urn:order' lang='en'><id>1</id></order>";
    for (content_type, document, passes) in [
        ("text/xml", envelope(OLD, &body(good)), true),
        ("application/soap+xml", envelope(NEW, &body(good)), true),
        ("text/xml", envelope(OLD, &format!("<s:Header><x xmlns='urn:x' s:mustUnderstand='1'/></s:Header>{}", body(good))), true),
        ("text/xml", envelope(OLD, &body("<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault>")), true),
        ("text/xml", envelope(OLD, &body("<order xmlns='urn:order' lang='en'><id>x</id></order>")), false),
        ("text/xml", envelope(OLD, &body("<other/>")), false),
        ("text/xml", envelope(OLD, good), false),
        ("text/xml", envelope("urn:no-envelope", &body(good)), false),
        ("text/xml", good.to_owned(), false),
    ] {
        let answer = xml("soap", "order", content_type, &document);
        assert_eq!(answer.head.status, if passes { 200 } else { 400 }, "{document}: {}", answer.header("X-Message"));
    }
}

/// A document type could make a body of any size out of a small one; .NET's reader refuses it. No schema reads files or hosts.
/// Source: learn.microsoft.com/dotnet/api/system.xml.xmlreadersettings.dtdprocessing
#[test]
fn no_xml_reaches_further_than_itself() {
    let bomb = "<!DOCTYPE order [<!ENTITY a 'aaaa'>]><order xmlns='urn:order' lang='en'><id>&a;</id></order>";
    let deep = format!("{}{}", "<a>".repeat(400), "</a>".repeat(400));
    for body in [bomb, &deep] {
        assert!(xml("xml", "order", "application/xml", body).header("X-Message").starts_with("Body of the request cannot be validated"));
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("parts.xsd");
    std::fs::write(&file, PARTS).unwrap();
    for location in [file.to_str().unwrap(), &format!("file://{}", file.display()), "http://127.0.0.1:1/parts.xsd", "missing"] {
        let text = ORDER.replace("schemaLocation=\"parts\"", &format!("schemaLocation=\"{location}\""));
        let schemas = [(Text::from("order"), Schema::Xml(text.into()))].into_iter().collect();
        let why = Schema::check("order", &schemas).unwrap_err();
        assert!(why.starts_with("no XML schema: "), "{location}: {why}");
    }
    let schemas = schemas();
    assert_eq!(schemas.keys().map(|id| Schema::check(id, &schemas)).collect::<Vec<_>>(), vec![Ok(()); 5]);
}

/// Sends a request whose backend answers so.
fn response(outbound: &str, status: u16, headers: &'static [(&'static str, &'static str)], body: &'static str) -> Answered {
    world(&around("", outbound)).on("b.example", move |_| respond(status, headers, body)).send("/pets/1", &[], Some(b"{}"))
}

/// The rows for responses: the client hears nothing of what is wrong.
/// Cases of `validate-headers`: learn.microsoft.com/azure/api-management/validate-headers-policy
/// Cases of `validate-status-code`: learn.microsoft.com/azure/api-management/validate-status-code-policy
#[test]
fn responses_that_are_not_allowed_are_a_502() {
    let body = "<validate-content unspecified-content-type-action=\"prevent\" max-size=\"30\" size-exceeded-action=\"prevent\" errors-variable-name=\"v\">\
                <content type=\"application/json\" validate-as=\"json\" action=\"prevent\" /></validate-content>";
    let headers = "<validate-headers specified-header-action=\"prevent\" unspecified-header-action=\"prevent\" errors-variable-name=\"v\">\
                   <header name=\"content-type\" action=\"ignore\" /></validate-headers>";
    let status = "<validate-status-code unspecified-status-code-action=\"prevent\" errors-variable-name=\"v\"><status-code code=\"418\" action=\"detect\" /></validate-status-code>";
    let good = "{\"name\":\"ab\",\"age\":1}";
    for (policy, code, fields, text, found) in [
        (body, 200, &[][..], good, None),
        (
            body,
            200,
            &[],
            "{\"name\":\"ab\"}",
            Some((
                "application/json",
                "ResponseBody",
                "IncorrectMessage",
                "Body of the response does not conform to the definition Pet, which is associated with the content type application/json.||Required properties are missing from object: age. Line: 1, Position: 1",
            )),
        ),
        (
            body,
            200,
            &[],
            "{\"name\":\"ab\",\"age\":1,\"x\":\"12345\"}",
            Some(("", "ResponseBody", "SizeLimit", "Response's body is 33 bytes long and it exceeds the configured limit of 30 bytes.")),
        ),
        (headers, 200, &[("X-Count", "3")], good, None),
        (
            headers,
            200,
            &[("X-Count", "three")],
            good,
            Some((
                "X-Count",
                "ResponseHeader",
                "IncorrectMessage",
                "Value of the header X-Count cannot be parsed according to the definition. ||Could not convert 'three' to integer.",
            )),
        ),
        (
            headers,
            200,
            &[("x-count", "3"), ("X-Count", "4")],
            good,
            Some(("X-Count", "ResponseHeader", "IncorrectMessage", "Response cannot contain multiple values for the header X-Count.")),
        ),
        (
            headers,
            200,
            &[("X-Other", "3")],
            good,
            Some(("X-Other", "ResponseHeader", "Unspecified", "Unspecified header X-Other is not allowed.")),
        ),
        (headers, 500, &[], good, Some(("", "ApiSchema", "", "API's schema does not exist or it could not be resolved."))),
        (status, 200, &[], good, None),
        (status, 404, &[], good, None),
        (status, 500, &[], good, Some(("500", "StatusCode", "Unspecified", "Response status code 500 is not allowed."))),
    ] {
        let answer = response(policy, code, fields, text);
        let Some((name, kind, rule, details)) = found else {
            assert_eq!(
                (answer.head.status, answer.header("X-Reason").as_str()),
                (code, "-"),
                "{policy} {code} {}",
                answer.header("X-Message")
            );
            continue;
        };
        assert_eq!((answer.head.status, told(&answer).as_str()), (502, INTERNAL), "{details}");
        let seen = ["Reason", "Message", "Section"].map(|name| answer.header(&format!("X-{name}")));
        assert_eq!(seen, ["Response not allowed", details, "outbound"]);
        let logged: Value = serde_json::from_str(&answer.header("X-Found")).unwrap();
        assert_eq!(
            logged,
            json!([{"Name": name, "Type": kind, "ValidationRule": rule, "Details": details.replace('|', "\n"), "Action": "prevent"}])
        );
    }
    let detected = response(status, 418, &[], good);
    assert_eq!(detected.head.status, 418);
    assert!(detected.header("X-Found").contains("Response status code 418 is not allowed."));
}

/// The rows for parameters. Header names ignore case; a parameter that is missing has no row.
/// Cases of `validate-parameters`: learn.microsoft.com/azure/api-management/validate-parameters-policy
#[test]
fn parameters_are_held_against_the_definition() {
    let policy = |children: &str| {
        format!(
            "<validate-parameters specified-parameter-action=\"prevent\" unspecified-parameter-action=\"prevent\" errors-variable-name=\"v\">{children}</validate-parameters>"
        )
    };
    let lenient = "<headers specified-parameter-action=\"prevent\" unspecified-parameter-action=\"ignore\"><parameter name=\"X-Bad\" action=\"prevent\" /></headers>";
    for (path, header, details, public) in [
        ("/pets/1?limit=1", None, "", None),
        ("/pets/1?limit=1&verbose=true&tags=a&tags=b", Some(("x-kind", "abc")), "", None),
        ("/pets/1?limit=1&tags=a,b", None, "", None),
        (
            "/pets/one?limit=1",
            None,
            "Value of the path parameter id cannot be parsed according to the definition. ||Could not convert 'one' to integer.",
            None,
        ),
        (
            "/pets/1?limit=x",
            None,
            "Value of the query parameter limit cannot be parsed according to the definition. ||Could not convert 'x' to integer.",
            None,
        ),
        (
            "/pets/1?limit=0",
            None,
            "Value of the query parameter limit does not conform to the definition.||Integer 0 is less than minimum value of 1. Line: 1, Position: 1",
            Some(
                "The value of the query parameter limit does not conform to the definition.||Integer 0 is less than minimum value of 1. Line: 1, Position: 1",
            ),
        ),
        ("/pets/1?limit=1&limit=2", None, "Request cannot contain multiple values for the query parameter limit.", None),
        ("/pets/1", None, "Request does not contain the required query parameter limit.", None),
        ("/pets/1?limit=1&other=2", None, "Unspecified query parameter other is not allowed.", None),
        ("/pets/1?limit=1", Some(("X-Bad", "1")), "Unspecified header X-Bad is not allowed.", None),
        (
            "/pets/1?limit=1",
            Some(("X-Kind", "abcd")),
            "Value of the header X-Kind does not conform to the definition.||String 'abcd' exceeds maximum length of 3. Line: 1, Position: 6",
            Some(
                "The value of the header X-Kind does not conform to the definition.||String 'abcd' exceeds maximum length of 3. Line: 1, Position: 6",
            ),
        ),
        ("/other", None, "API's schema does not exist or it could not be resolved.", Some(INTERNAL)),
    ] {
        let headers: Vec<(&'static str, &'static str)> = header.into_iter().collect();
        let answer = world(&around(&policy(lenient), "")).on("b.example", |_| respond(200, &[], "{}")).send(path, &headers, Some(b"{}"));
        if details.is_empty() {
            assert_eq!(answer.head.status, 200, "{path}: {}", answer.header("X-Message"));
            continue;
        }
        let seen = ["Source", "Reason", "Message"].map(|name| answer.header(&format!("X-{name}")));
        assert_eq!(seen, ["validate-parameters", "Bad request", details], "{path}");
        assert_eq!((answer.head.status, told(&answer).as_str()), (400, public.unwrap_or(details)), "{path}");
    }
    // Without exceptions every header that the definition does not name is refused: the page's own example excepts `Host`.
    let answer = world(&around(&policy(""), "")).send("/pets/1?limit=1", &[], None);
    assert_eq!(answer.header("X-Message"), "Unspecified header Host is not allowed.");
}
