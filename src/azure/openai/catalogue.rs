//! The models of a resource. Azure lists every base model that the region offers; here stand those of the deployments.
//! Source: Azure/azure-rest-api-specs, cognitiveservices/data-plane/AzureOpenAI/authoring/stable/2024-10-21/azureopenai.json (`Models_List`).

use indexmap::IndexMap;

use super::{answer::Answer, deployment::State, errors::Refusal, json::Json, route::Operation};

/// All of them.
pub(super) fn list(states: &IndexMap<String, State>) -> Answer {
    let mut json = Json::with_capacity(256 + states.len() * 320);
    json.raw(r#"{"data":["#);
    let mut told: Vec<&str> = Vec::new();
    for state in states.values() {
        if told.contains(&state.served.answered.as_str()) {
            continue;
        }
        json.raw(if told.is_empty() { "" } else { "," });
        one(&mut json, state);
        told.push(&state.served.answered);
    }
    json.raw(r#"],"object":"list"}"#);
    Answer::json(json.finish(), 0, 0, 0)
}

/// The one of that id.
pub(super) fn get(states: &IndexMap<String, State>, id: &str) -> Result<Answer, Refusal> {
    let state = states.values().find(|state| state.served.answered.trim_matches('"') == id).ok_or_else(|| Refusal::no_model(id))?;
    let mut json = Json::with_capacity(320);
    one(&mut json, state);
    Ok(Answer::json(json.finish(), 0, 0, 0))
}

/// When models came out is not known here: 2024-11-20.
const CREATED: u64 = 1_732_060_800;

fn one(json: &mut Json, state: &State) {
    let model = &state.served.model;
    let does = |operation| if model.does(operation) { "true" } else { "false" };
    json.raw(r#"{"id":"#).raw(&state.served.answered).raw(r#","object":"model","status":"succeeded","created":"#).number(CREATED);
    json.raw(r#","created_at":"#).number(CREATED).raw(r#","owned_by":"system","lifecycle_status":"generally-available","#);
    json.raw(r#""capabilities":{"fine_tune":false,"inference":true,"completion":"#).raw(does(Operation::Completion));
    json.raw(r#","chat_completion":"#).raw(does(Operation::Chat)).raw(r#","embeddings":"#).raw(does(Operation::Embedding)).raw("}}");
}
