//! Load-balanced pools: which member a request goes to.
//!
//! Source: learn.microsoft.com/azure/api-management/backends (load-balanced pool): in turn, by weight, by priority; a lower priority only
//! where all circuits of the higher ones are open. Each gateway balances for itself.

use std::{collections::BTreeMap, fmt::Write as _};

use sha2::{Digest, Sha256};

use super::backends::{Key, Member, Pool};
use crate::text::Text;

/// Whose turn it is in each pool of a gateway.
#[derive(Debug, Default)]
pub struct Pools {
    /// By pool, then by member: how far it is ahead of its share. The one furthest ahead is next.
    standings: BTreeMap<Key, BTreeMap<Text, i64>>,
}

impl Pools {
    /// The next member among those that are available; none where none is.
    ///
    /// Weighted shares are exact in every round and spread over it, as in nginx's smooth weighted round robin; with equal weights that is
    /// plain round robin.
    pub(super) fn next<'a>(&mut self, id: &Key, pool: &'a Pool, is_available: impl Fn(&Text) -> bool) -> Option<&'a Member> {
        let available: Vec<&Member> = pool.members.iter().filter(|member| is_available(&member.backend)).collect();
        let first = available.iter().map(|member| member.priority).min()?;
        let group: Vec<&Member> = available.into_iter().filter(|member| member.priority == first).collect();
        let none_weighs = group.iter().all(|member| member.weight == 0);
        let standings = self.standings.entry(id.clone()).or_default();
        let mut total = 0;
        let mut best: Option<(&Member, i64)> = None;
        for member in group.iter().filter(|member| none_weighs || member.weight > 0) {
            let weight = if none_weighs { 1 } else { i64::from(member.weight) };
            total += weight;
            let standing = standings.entry(member.backend.clone()).or_default();
            *standing += weight;
            if best.is_none_or(|(_, most)| *standing > most) {
                best = Some((member, *standing));
            }
        }
        let (member, _) = best?;
        if let Some(standing) = standings.get_mut(&member.backend) {
            *standing -= total;
        }
        Some(member)
    }
}

/// The value of the session cookie that keeps a client with a member. The service's own is not documented: this one tells nothing of the
/// member, and is the same in every gateway.
pub(super) fn session_value(pool: &Text, member: &Text) -> String {
    let digest = Sha256::new().chain_update(pool.as_bytes()).chain_update([0]).chain_update(member.as_bytes()).finalize();
    digest.iter().take(16).fold(String::with_capacity(32), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The member that a request's cookie keeps it with.
pub(super) fn kept<'a, 'c>(id: &Text, pool: &'a Pool, name: &str, mut cookies: impl Iterator<Item = &'c str>) -> Option<&'a Member> {
    let value = cookies.find_map(|field| {
        field.split(';').find_map(|pair| pair.trim().split_once('=').filter(|(known, _)| *known == name).map(|(_, value)| value))
    })?;
    let value = value.trim_matches('"');
    pool.members.iter().find(|member| session_value(id, &member.backend) == value)
}
