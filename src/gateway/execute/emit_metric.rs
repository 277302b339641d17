//! Runs `emit-metric`: the metric is written to the trace.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::{answers::PolicyError, trace::Entry},
    policy::elements::emit_metric::{DEFAULT_DIMENSIONS, Dimension, EmitMetric},
    text::Text,
};

pub(super) fn execute(policy: &EmitMetric, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let value = turn.text(&policy.value, element)?;
    if value.trim().parse::<f64>().is_err() {
        return Err(PolicyError::value(element, format!("Expression value is invalid. '{value}' is not a number.")).into());
    }
    let dimensions = turn.dimensions(&policy.dimensions, element)?;
    let mut settings = vec![(Text::Static("namespace"), policy.namespace.clone()), (policy.name.clone(), value)];
    settings.extend(dimensions.into_iter().map(|(name, value)| {
        let value = value.unwrap_or_else(|| turn.known_dimension(&name));
        (name, value)
    }));
    turn.entries.push(Entry::Recorded { settings });
    Ok(Outcome::Done)
}

impl Turn<'_> {
    /// The names and values of dimensions; none where the gateway is to fill it in.
    pub fn dimensions(&mut self, dimensions: &[Dimension], element: &Text) -> Result<Vec<(Text, Option<Text>)>, Stop> {
        let mut found = Vec::with_capacity(dimensions.len());
        for dimension in dimensions {
            let name = self.text(&dimension.name, element)?;
            let value = dimension.value.as_ref().map(|value| self.text(value, element)).transpose()?;
            if value.is_none() && !DEFAULT_DIMENSIONS.contains(&name.as_str()) {
                let message = format!("Expression value is invalid. The dimension '{name}' needs a value.");
                return Err(PolicyError::value(element, message).into());
            }
            found.push((name, value));
        }
        Ok(found)
    }

    /// The value of a default dimension; nothing where the request has no such thing.
    pub fn known_dimension(&self, name: &str) -> Text {
        let context = &self.state.context;
        let id = match name {
            "API ID" => Some(&context.service.api.named.id),
            "Operation ID" => context.operation.as_ref().map(|operation| &operation.named.id),
            "Product ID" => context.product.as_ref().map(|product| &product.named.id),
            "User ID" => context.user.as_ref().map(|user| &user.id),
            "Subscription ID" => context.subscription.as_ref().map(|subscription| &subscription.named.id),
            "Location" => Some(&context.service.region),
            "Gateway ID" if context.service.gateway_id.is_empty() => Some(const { &Text::Static("managed") }),
            "Gateway ID" => Some(&context.service.gateway_id),
            "Backend ID" => context.backend.as_ref().map(|backend| &backend.id),
            _ => None,
        };
        id.cloned().unwrap_or(Text::EMPTY)
    }
}
