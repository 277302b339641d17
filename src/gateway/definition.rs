//! What an API's definition says of an operation: its parameters, its bodies, its responses. An OpenAPI document gives it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::text::Text;

/// The definition of one operation.
#[derive(Clone, Debug, Default)]
pub struct Definition {
    /// Parameters of the request.
    pub parameters: Vec<Parameter>,
    /// Bodies of the request.
    pub bodies: Vec<Representation>,
    /// Responses.
    pub responses: Vec<ResponseDefinition>,
}

/// Where a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// A header.
    Header,
}

/// A parameter, or a header of a response.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Text,
    /// Where it is.
    pub place: Place,
    /// Whether it must be there.
    pub required: bool,
    /// Its schema.
    pub schema: Json,
}

/// A body of one type.
#[derive(Clone, Debug)]
pub struct Representation {
    /// The media type.
    pub content_type: Text,
    /// The name of the definition.
    pub name: Text,
    /// Its schema.
    pub schema: Json,
}

/// A response.
#[derive(Clone, Debug)]
pub struct ResponseDefinition {
    /// The status; its first digit for a class of them, `2XX`; none for `default`.
    pub status: Option<u16>,
    /// Its headers.
    pub headers: Vec<Parameter>,
    /// Its bodies.
    pub bodies: Vec<Representation>,
}

impl Definition {
    /// The response that a status means.
    pub fn response(&self, status: u16) -> Option<&ResponseDefinition> {
        let exact = self.responses.iter().find(|response| response.status == Some(status));
        let class = || self.responses.iter().find(|response| response.status == Some(status / 100));
        exact.or_else(class).or_else(|| self.responses.iter().find(|response| response.status.is_none()))
    }
}

/// An operation's id: its `operationId`, else one made of method and path, as an import makes one.
pub fn operation_id(operation: &Json, method: &str, path: &str) -> String {
    let own = operation.get("operationId").and_then(Json::as_str).map(str::trim).filter(|id| !id.is_empty());
    let id = own.map_or_else(|| format!("{method}-{}", normal(path)), str::to_owned);
    id.trim_end_matches('-').to_owned()
}

/// A name as the import writes it: lower case, a dash for everything else.
pub fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// The definitions of an OpenAPI document, 2 or 3, by the operations' ids. What it refers to by `$ref` is put in its place; a definition that contains
/// itself is cut off where it comes round again, and then takes anything.
pub fn open_api(document: &Json) -> BTreeMap<Text, Definition> {
    const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
    let mut found = BTreeMap::new();
    for (path, item) in document.get("paths").and_then(Json::as_object).into_iter().flatten() {
        let shared = parameters(document, item);
        for (method, operation) in METHODS.iter().filter_map(|method| Some((method, item.get(method)?))) {
            let id = operation_id(operation, method, path);
            let mut definition = Definition { parameters: parameters(document, operation), ..Definition::default() };
            let is_new = |known: &Parameter| !definition.parameters.iter().any(|own| own.name == known.name && own.place == known.place);
            let inherited: Vec<Parameter> = shared.iter().filter(|known| is_new(known)).cloned().collect();
            definition.parameters.extend(inherited);
            definition.bodies = match operation.get("requestBody") {
                Some(body) => bodies(document, body),
                None => body_parameter(document, operation, item),
            };
            let responses = operation.get("responses").and_then(Json::as_object).into_iter().flatten();
            definition.responses = responses.map(|(status, response)| self::response(document, operation, status, response)).collect();
            found.insert(Text::from(id), definition);
        }
    }
    found
}

fn response(document: &Json, operation: &Json, status: &str, response: &Json) -> ResponseDefinition {
    let response = resolved(document, response);
    let bodies = match response.get("schema") {
        Some(schema) => of_types(document, operation, "produces", schema),
        None => bodies(document, &response),
    };
    let headers = response.get("headers").and_then(Json::as_object).into_iter().flatten();
    let headers = headers.map(|(name, header)| parameter(document, name, Place::Header, &resolved(document, header))).collect();
    let class = status.strip_suffix("XX").or_else(|| status.strip_suffix("xx"));
    ResponseDefinition { status: class.unwrap_or(status).parse().ok(), headers, bodies }
}

/// OpenAPI 2 has the body among the parameters.
fn body_parameter(document: &Json, operation: &Json, item: &Json) -> Vec<Representation> {
    let lists = [operation, item].into_iter().filter_map(|of| of.get("parameters")?.as_array()).flatten();
    let body =
        lists.map(|parameter| resolved(document, parameter)).find(|parameter| parameter.get("in").is_some_and(|place| place == "body"));
    body.and_then(|body| body.get("schema").cloned()).map_or_else(Vec::new, |schema| of_types(document, operation, "consumes", &schema))
}

/// OpenAPI 2 has one schema for all media types, which the operation or the whole document lists.
fn of_types(document: &Json, operation: &Json, list: &str, schema: &Json) -> Vec<Representation> {
    let listed = operation.get(list).or_else(|| document.get(list)).and_then(Json::as_array);
    let types: Vec<&str> = listed.map_or_else(|| vec!["application/json"], |types| types.iter().filter_map(Json::as_str).collect());
    types.into_iter().map(|content_type| representation(document, content_type, schema)).collect()
}

fn parameters(document: &Json, of: &Json) -> Vec<Parameter> {
    let parameters = of.get("parameters").and_then(Json::as_array).into_iter().flatten();
    let read = |json: &Json| {
        let json = resolved(document, json);
        let place = match json.get("in")?.as_str()? {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" => Place::Header,
            _ => return None,
        };
        Some(parameter(document, json.get("name")?.as_str()?, place, &json))
    };
    parameters.filter_map(read).collect()
}

fn parameter(document: &Json, name: &str, place: Place, json: &Json) -> Parameter {
    Parameter {
        name: name.to_owned().into(),
        place,
        required: json.get("required").and_then(Json::as_bool).unwrap_or(false),
        schema: match json.get("schema") {
            Some(schema) => expanded(document, schema, &mut Vec::new()),
            // OpenAPI 2 has the schema's keywords in the parameter itself.
            None => match json.as_object().filter(|keywords| keywords.contains_key("type")) {
                Some(keywords) => {
                    let of_schema = |(name, _): &(&String, &Json)| !matches!(name.as_str(), "name" | "in" | "required" | "description");
                    Json::Object(keywords.iter().filter(of_schema).map(|(name, value)| (name.clone(), value.clone())).collect())
                }
                None => Json::Bool(true),
            },
        },
    }
}

fn bodies(document: &Json, of: &Json) -> Vec<Representation> {
    let of = resolved(document, of);
    let contents = of.get("content").and_then(Json::as_object).into_iter().flatten();
    let schema = |media: &Json| media.get("schema").cloned().unwrap_or(Json::Bool(true));
    contents.map(|(content_type, media)| representation(document, content_type, &schema(media))).collect()
}

fn representation(document: &Json, content_type: &str, schema: &Json) -> Representation {
    let name = schema.get("$ref").and_then(Json::as_str).and_then(|path| path.rsplit('/').next()).unwrap_or("");
    Representation {
        content_type: Text::copied(content_type),
        name: Text::copied(name),
        schema: expanded(document, schema, &mut Vec::new()),
    }
}

/// What stands behind a reference.
fn resolved(document: &Json, json: &Json) -> Json {
    let target = json.get("$ref").and_then(Json::as_str).and_then(|path| document.pointer(path.strip_prefix('#')?));
    target.unwrap_or(json).clone()
}

/// `nullable`, a keyword of OpenAPI 3.0 (`x-nullable` in 2), in the words of JSON Schema.
fn take_null(schema: &mut serde_json::Map<String, Json>) {
    if !["nullable", "x-nullable"].iter().any(|key| schema.get(*key) == Some(&Json::Bool(true))) {
        return;
    }
    if let Some(Json::String(kind)) = schema.get("type").cloned() {
        schema.insert("type".into(), serde_json::json!([kind, "null"]));
    }
    if let Some(Json::Array(words)) = schema.get_mut("enum")
        && !words.contains(&Json::Null)
    {
        words.push(Json::Null);
    }
}

/// What OpenAPI 2 and 3.0 have of older JSON Schema, in today's words: bounds that are exclusive by a flag. `file` is no type of JSON.
fn modernise(schema: &mut serde_json::Map<String, Json>) {
    for (bound, flag) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if let Some(Json::Bool(is_exclusive)) = schema.get(flag) {
            let limit = if *is_exclusive { schema.remove(bound) } else { None };
            schema.remove(flag);
            schema.extend(limit.map(|limit| (flag.to_owned(), limit)));
        }
    }
    if schema.get("type").is_some_and(|kind| kind == "file") {
        schema.remove("type");
    }
}

/// How much a schema may come to with its references put in, in nodes, and how deep it may nest. What is beyond is taken as it comes: a schema
/// that refers to itself has no end.
const MOST_NODES: usize = 100_000;
const DEEPEST: usize = 200;

fn expanded(document: &Json, schema: &Json, within: &mut Vec<String>) -> Json {
    let mut left = MOST_NODES;
    put_in(document, schema, within, &mut left, 0)
}

fn put_in(document: &Json, schema: &Json, within: &mut Vec<String>, left: &mut usize, depth: usize) -> Json {
    let Some(rest) = left.checked_sub(1).filter(|_| depth < DEEPEST) else { return Json::Bool(true) };
    *left = rest;
    match schema {
        Json::Object(map) => match map.get("$ref").and_then(Json::as_str) {
            Some(path) if within.iter().any(|known| known == path) => Json::Bool(true),
            Some(path) => {
                within.push(path.to_owned());
                let target = path.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
                let made = target.map_or(Json::Bool(true), |target| put_in(document, target, within, left, depth + 1));
                within.pop();
                made
            }
            None => {
                let members = map.iter().map(|(name, value)| (name.clone(), put_in(document, value, within, left, depth + 1)));
                let mut made: serde_json::Map<String, Json> = members.collect();
                take_null(&mut made);
                modernise(&mut made);
                Json::Object(made)
            }
        },
        Json::Array(items) => items.iter().map(|item| put_in(document, item, within, left, depth + 1)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_that_multiply_come_to_an_end() {
        let mut schemas = serde_json::Map::new();
        for index in 0..60 {
            let next = json!({"$ref": format!("#/s/A{}", index + 1)});
            schemas.insert(format!("A{index}"), json!({"properties": {"a": next, "b": next, "self": {"$ref": format!("#/s/A{index}")}}}));
        }
        let document = json!({"s": schemas});
        let made = expanded(&document, &json!({"$ref": "#/s/A0"}), &mut Vec::new());
        assert_eq!(made.pointer("/properties/self"), Some(&json!(true)), "a schema within itself is taken as it comes");
        assert!(made.pointer("/properties/a/properties/a").is_some_and(Json::is_object));
        assert!(made.to_string().len() < 32 * MOST_NODES);
    }

    /// Source: the OpenAPI specification, 2.0: "Parameter Object" (`in: body`, and keywords in the parameter itself), "Operation Object"
    /// (`consumes`, `produces`, else the document's), "Response Object" (`schema`).
    #[test]
    fn a_description_of_version_2_says_the_same() {
        let pet = json!({"type": "object", "properties": {"name": {"type": "string", "x-nullable": true}}});
        let body = json!({"in": "body", "name": "pet", "required": true, "schema": {"$ref": "#/definitions/Pet"}});
        let limit = json!({"in": "query", "name": "limit", "required": true, "type": "integer", "maximum": 9, "description": "d"});
        let document = json!({
            "swagger": "2.0",
            "consumes": ["application/json", "text/json"],
            "definitions": {"Pet": pet},
            "paths": {"/pets": {
                "post": {"operationId": "add", "parameters": [body, limit], "produces": ["application/pet+json"],
                    "responses": {"200": {"schema": {"$ref": "#/definitions/Pet"}}, "204": {}}},
            }},
        });
        let found = open_api(&document);
        let definition = found.get("add").unwrap();
        let expected = json!({"type": "object", "properties": {"name": {"type": ["string", "null"], "x-nullable": true}}});
        let shown = |bodies: &[Representation]| -> Vec<String> {
            bodies
                .iter()
                .inspect(|body| assert_eq!(body.schema, expected))
                .map(|body| format!("{} {}", body.content_type, body.name))
                .collect()
        };
        assert_eq!(shown(&definition.bodies), ["application/json Pet", "text/json Pet"]);
        assert_eq!(shown(&definition.response(200).unwrap().bodies), ["application/pet+json Pet"]);
        assert!(definition.response(204).unwrap().bodies.is_empty());
        let [limit] = definition.parameters.as_slice() else { panic!("the body is no parameter: {:?}", definition.parameters) };
        assert_eq!((limit.name.as_str(), limit.required, &limit.schema), ("limit", true, &json!({"type": "integer", "maximum": 9})));
    }

    /// Source: json-schema.org, draft 4, 5.1.2: `exclusiveMaximum` is a flag beside `maximum`.
    #[test]
    fn older_keywords_are_todays() {
        let made = |schema: Json| expanded(&json!({}), &schema, &mut Vec::new());
        assert_eq!(made(json!({"minimum": 1, "exclusiveMinimum": true})), json!({"exclusiveMinimum": 1}));
        assert_eq!(made(json!({"maximum": 1, "exclusiveMaximum": false})), json!({"maximum": 1}));
        assert_eq!(made(json!({"exclusiveMaximum": 3})), json!({"exclusiveMaximum": 3}));
        assert_eq!(made(json!({"type": "file"})), json!({}));
    }

    /// Source: the OpenAPI specification, 3.0.3, "Schema Object": `nullable`.
    #[test]
    fn what_is_nullable_takes_null() {
        let document = json!({"s": {"A": {"type": "string", "nullable": true, "enum": ["a"]}, "B": {"type": "string", "nullable": false}}});
        let made = |name: &str| expanded(&document, &json!({"$ref": format!("#/s/{name}")}), &mut Vec::new());
        assert_eq!(made("A"), json!({"type": ["string", "null"], "nullable": true, "enum": ["a", null]}));
        assert_eq!(made("B"), json!({"type": "string", "nullable": false}));
    }

    /// Source: the OpenAPI specification, 3.0.3, "Responses Object": `2XX` stands for a class, and an exact status comes before it.
    #[test]
    fn an_operation_without_an_id_has_one_and_a_status_may_be_a_class() {
        let response = |name: &str| json!({"content": {"application/json": {"schema": {"$ref": format!("#/s/{name}")}}}});
        let responses = json!({"201": response("exact"), "2XX": response("class"), "default": response("rest")});
        let document = json!({"paths": {"/files/{id}": {"get": {"responses": responses}}}});
        let found = open_api(&document);
        let definition = found.get("get-files-id").unwrap();
        for (status, expected) in [(201, "exact"), (204, "class"), (404, "rest")] {
            let body = definition.response(status).and_then(|response| response.bodies.first());
            assert_eq!(body.map(|body| body.name.as_str()), Some(expected), "{status}");
        }
    }
}
