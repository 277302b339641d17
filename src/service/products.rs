//! Products, subscriptions, users and groups of a folder: who may call what.

use super::{Level, ServiceProduct, ServiceSubscription, properties::Properties, read::Folder};
use crate::{
    diagnostic::{Diagnostic, nearest},
    dotnet::context::{Named, Product, User},
    gateway::Granted,
    source::Source,
    text::Text,
};

impl Folder<'_> {
    pub(super) fn products(&mut self, level: &mut Level) {
        for id in self.folders("groups/") {
            let Some(properties) = self.properties(&format!("groups/{id}/"), "groupInformation.json") else { continue };
            let name = properties.text("displayName", &mut self.faults).unwrap_or_else(|| id.clone());
            level.groups.insert(id.clone(), Named { id: id.into(), name: name.into() });
        }
        for id in self.folders("products/") {
            let Some(properties) = self.properties(&format!("products/{id}/"), "productInformation.json") else { continue };
            let product = self.product(&id, &properties, level);
            level.products.insert(id, product);
        }
        for id in self.folders("users/") {
            let Some(properties) = self.properties(&format!("users/{id}/"), "userInformation.json") else { continue };
            let user = self.user(id, &properties, level);
            level.users.push(user);
        }
        for id in self.folders("subscriptions/") {
            let Some(properties) = self.properties(&format!("subscriptions/{id}/"), "subscriptionInformation.json") else { continue };
            let subscription = self.subscription(id, &properties, level);
            level.subscriptions.push(subscription);
        }
    }

    fn product(&mut self, id: &str, properties: &Properties, level: &Level) -> ServiceProduct {
        let path = format!("products/{id}/");
        let policy = self.document(&format!("{path}policy.xml"));
        let mut apis = self.folders(&format!("{path}apis/"));
        apis.extend(self.names_in(&format!("{path}apis.json")));
        // Extractors are often told to leave APIs out: what is left may still be tried.
        for api in &apis {
            let ids = || level.apis.iter().map(|known| known.api.id.as_str());
            if !ids().any(|known| known == api) {
                let diagnostic =
                    Diagnostic::warning("service/unknown-api", format!("the product `{id}` holds the API `{api}`, which is not there"));
                let help = nearest(api, ids())
                    .map_or("add it, or take it out of the product".to_owned(), |near| format!("did you mean `{near}`?"));
                self.fault_of_file(&format!("{path}productInformation.json"), diagnostic.help(help));
            }
        }
        let mut groups = self.folders(&format!("{path}groups/"));
        groups.extend(self.names_in(&format!("{path}groups.json")));
        let faults = &mut self.faults;
        let product = Product {
            named: Named { id: id.to_owned().into(), name: properties.text("displayName", faults).unwrap_or_else(|| id.to_owned()).into() },
            // Whether it is published changes nothing for calls. Source: learn.microsoft.com/azure/api-management/api-management-subscriptions.
            is_published: properties.text("state", faults).is_some_and(|state| state.eq_ignore_ascii_case("published")),
            approval_required: properties.flag("approvalRequired", false, faults),
            subscription_required: properties.flag("subscriptionRequired", true, faults),
            subscriptions_limit: properties.number("subscriptionsLimit", faults),
            groups: groups.into_iter().map(|id| group(id, level)).collect(),
        };
        ServiceProduct { product, apis, policy }
    }

    /// The names in a list of `{ "name": … }`, as older extractors write it.
    fn names_in(&mut self, path: &str) -> Vec<String> {
        let Some(source) = self.file(path) else { return Vec::new() };
        // A list is no object: it is read as the only key of one.
        let wrapped = Source::new(source.name(), format!("{{\"items\":{}\n}}", source.text()));
        let Some(properties) = Properties::whole(&wrapped, &mut self.faults) else { return Vec::new() };
        properties.names("items")
    }

    fn user(&mut self, id: String, properties: &Properties, level: &Level) -> User {
        let faults = &mut self.faults;
        let mut text = |key: &str| Text::from(properties.text(key, faults).unwrap_or_default());
        let mut user = User {
            id: id.into(),
            email: text("email"),
            first_name: text("firstName"),
            last_name: text("lastName"),
            note: text("note"),
            ..User::default()
        };
        let groups = properties.texts("groups", faults).unwrap_or_default();
        user.groups = groups.into_iter().map(|id| group(id, level)).collect();
        user
    }

    fn subscription(&mut self, id: String, properties: &Properties, level: &Level) -> ServiceSubscription {
        let faults = &mut self.faults;
        let granted = granted(&properties.text("scope", faults).unwrap_or_default());
        let missing = match &granted {
            Granted::Api(api) => (!level.apis.iter().any(|known| known.api.id == *api)).then(|| format!("API `{api}`")),
            Granted::Product(product) => (!level.products.contains_key(product.as_str())).then(|| format!("product `{product}`")),
            Granted::AllApis => None,
        };
        if let Some(missing) = missing {
            let fault = Diagnostic::warning("service/unknown-scope", format!("the subscription is for the {missing}, which is not there"));
            properties.fault("scope", fault, faults);
        }
        let last = |path: String| path.rsplit('/').next().map(Text::copied);
        ServiceSubscription {
            name: properties.text("displayName", faults).unwrap_or_else(|| id.clone()).into(),
            granted,
            is_active: properties.text("state", faults).is_none_or(|state| state.eq_ignore_ascii_case("active")),
            owner: properties.text("ownerId", faults).and_then(last),
            keys: ["primaryKey", "secondaryKey"].map(|key| properties.text(key, faults).filter(|key| !key.is_empty()).map(Text::from)),
            id: id.into(),
        }
    }
}

/// What a subscription's scope means: `/products/ID`, `/apis/ID`, `/apis`, each perhaps behind the service's own id.
/// Source: learn.microsoft.com/rest/api/apimanagement/subscription/create-or-update (`scope`).
fn granted(scope: &str) -> Granted {
    let mut parts = scope.trim_end_matches('/').rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(id), Some("products")) => Granted::Product(Text::copied(id)),
        (Some(id), Some("apis")) => Granted::Api(Text::copied(id.split(";rev=").next().unwrap_or(id))),
        _ => Granted::AllApis,
    }
}

/// A group by its id; the service's own groups are in no file.
fn group(id: String, level: &Level) -> Named {
    level.groups.get(&id).cloned().unwrap_or_else(|| Named { name: id.clone().into(), id: id.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_says_what_a_key_is_for() {
        let service = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/contoso";
        for (scope, expected) in [
            ("/products/gold".to_owned(), Granted::Product("gold".into())),
            (format!("{service}/products/gold"), Granted::Product("gold".into())),
            ("/apis/orders".to_owned(), Granted::Api("orders".into())),
            (format!("{service}/apis/orders;rev=2"), Granted::Api("orders".into())),
            ("/apis".to_owned(), Granted::AllApis),
            (format!("{service}/apis"), Granted::AllApis),
            (format!("{service}/"), Granted::AllApis),
            (String::new(), Granted::AllApis),
        ] {
            assert_eq!(granted(&scope), expected, "{scope}");
        }
    }
}
