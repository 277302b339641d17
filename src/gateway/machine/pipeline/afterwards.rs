//! Carries out what policies have left for later in their request.

use super::*;
use crate::gateway::afterwards::{Watch, Work, is_json};

impl Pipeline {
    /// The backend section is over: tokens are counted and fields set before outbound sees the response.
    pub(super) fn begin_outbound(&mut self, environment: &mut dyn Environment) {
        if self.wants_usage()
            && let Err(error) = self.read(MAIN, Unread::Response)
        {
            return self.raise(MAIN, error, None, environment);
        }
        if self.strands.first().is_some_and(|main| main.waiting.is_some()) {
            // The section ends once more when the body is here.
            return;
        }
        if self.state.context.response.is_some() {
            for later in std::mem::take(&mut self.state.afterwards.later) {
                let program = self.program.clone();
                if matches!(later.work, Work::Calls { .. } | Work::Quota { .. }) {
                    self.state.afterwards.later.push(later);
                    continue;
                }
                let Some(statement) = program.block(later.block).get(later.number) else { continue };
                let outcome = self.in_turn(statement, environment, |turn| execute::answered(statement, later.work, turn));
                if let Err(Stop::Error(error)) = outcome {
                    return self.raise(MAIN, *error, Some(statement), environment);
                }
            }
            self.set_fields();
        }
        self.enter(Section::Outbound);
    }

    /// Whether a policy counts tokens that only the response's body tells: it is then read, and no longer streams. A stream of events is
    /// let through, and counted as it passes.
    fn wants_usage(&self) -> bool {
        let counts = |work: &Work| matches!(work, Work::Tokens(_) | Work::Metric(_));
        self.state.afterwards.later.iter().any(|later| counts(&later.work))
            && self.state.context.response.as_ref().is_some_and(|response| {
                matches!(response.body, Body::Unread) && (200..300).contains(&response.head.status) && is_json(&response.head.headers)
            })
    }

    /// This is the answer; what is left for the end of the pipeline comes first.
    pub(super) fn close(&mut self, response: ResponseMessage) {
        self.state.context.response = Some(response);
        self.ending = true;
        self.strands.truncate(1);
        if let Some(main) = self.strands.first_mut() {
            *main = Strand::default();
        }
    }

    /// The pipeline has ended. Conditions of `increment-condition` are decided now, on the response that the client gets, whichever section
    /// has ended it: the page says "at the end of the outbound pipeline", and nothing of requests that never get there.
    pub(super) fn conclude(&mut self, environment: &mut dyn Environment) {
        while let Some(later) = self.state.afterwards.later.first().cloned() {
            let program = self.program.clone();
            let statement = program.block(later.block).get(later.number);
            let Some(statement) = statement.filter(|_| matches!(later.work, Work::Calls { .. } | Work::Quota { .. })) else {
                // Tokens of a request that has met no backend: none.
                self.state.afterwards.later.remove(0);
                continue;
            };
            match self.in_turn(statement, environment, |turn| execute::concluded(statement, later.work, turn)) {
                Err(Stop::Unread(which)) => {
                    // The strand has nothing more to do, and so ends once more when the body is here.
                    let Err(error) = self.read(MAIN, which) else { return };
                    self.state.afterwards.later.remove(0);
                    return self.raise(MAIN, error, Some(statement), environment);
                }
                outcome => {
                    self.state.afterwards.later.remove(0);
                    if let Err(Stop::Error(error)) = outcome {
                        return self.raise(MAIN, *error, Some(statement), environment);
                    }
                }
            }
        }
        self.set_fields();
        // A pipeline that sent nothing and returned nothing has an empty 200; the documentation says nothing of it.
        let response = self.state.context.response.take().unwrap_or_else(|| ResponseMessage {
            head: crate::http::ResponseHead { status: 200, reason: "OK".into(), ..Default::default() },
            body: Body::None,
        });
        self.answer(response, environment);
    }

    /// The fields that policies want on the response.
    fn set_fields(&mut self) {
        let fields = std::mem::take(&mut self.state.afterwards.headers);
        if fields.is_empty() {
            return;
        }
        let response = self.state.context.response.get_or_insert_with(|| ResponseMessage {
            head: crate::http::ResponseHead { status: 200, reason: "OK".into(), ..Default::default() },
            body: Body::None,
        });
        for (name, value) in fields {
            response.head.headers.set(name, value);
        }
    }

    /// Somebody who looks on while the body passes. What is here already has passed at once.
    pub(super) fn watch(&mut self, body: &AnswerBody, environment: &dyn Environment) -> Option<Box<Watch>> {
        let mut watch = Watch::new(&self.gateway, std::mem::take(&mut self.state.afterwards.passing))?;
        match body {
            AnswerBody::Stream { .. } | AnswerBody::Screened { .. } => return Some(watch),
            AnswerBody::Bytes(bytes) => watch.pass(bytes),
            AnswerBody::Empty => {}
        }
        self.trace.records.extend(watch.end(environment.now()));
        None
    }

    /// Does something for a statement in a record of its own. Where it meets an unread body, what it did before that is undone: it runs again.
    pub(super) fn in_turn<T>(
        &mut self,
        statement: &Statement,
        environment: &mut dyn Environment,
        run: impl FnOnce(&mut Turn<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let before = (statement.reads_body && self.state.has_unread_body()).then(|| self.state.clone());
        self.trace.begin(&self.state, environment);
        let mut turn = Turn {
            gateway: &self.gateway,
            state: &mut self.state,
            environment,
            section: self.section,
            place: &statement.place,
            entries: &mut self.trace.open.entries,
            detailed: self.trace.detailed,
            operations: &mut self.operations,
            notes: &mut self.notes,
        };
        let outcome = run(&mut turn);
        turn.take_messages();
        match &outcome {
            Err(Stop::Unread(_)) => {
                if let Some(before) = before {
                    self.state = before;
                }
                self.trace.forget();
                return outcome;
            }
            Err(Stop::Error(error)) => self.trace.failed(error),
            Ok(_) => {}
        }
        self.close_record(statement, environment);
        outcome
    }
}
