//! Errors on their way out: through the frames of `retry`, out of the branches of a `wait`, into `on-error`.

use super::*;
use crate::gateway::execute::retry::Again;

impl Pipeline {
    /// An error out of an event: it belongs to the statement that waited.
    pub(super) fn fail(&mut self, index: usize, error: PolicyError, place: Option<(BlockId, usize)>, environment: &mut dyn Environment) {
        let program = self.program.clone();
        let statement = place.and_then(|(block, number)| program.block(block).get(number));
        self.raise(index, error, statement, environment);
    }

    /// Unwinds to the innermost `retry` that wants to go on after such an error, else to `on-error`.
    pub(super) fn raise(&mut self, index: usize, error: PolicyError, statement: Option<&Statement>, environment: &mut dyn Environment) {
        self.unwind(index, error, statement.map(|statement| statement.place.clone()), environment);
    }

    pub(super) fn unwind(&mut self, index: usize, mut error: PolicyError, mut place: Option<Place>, environment: &mut dyn Environment) {
        self.notes = None;
        // A newer error takes the place of one that waited for a body.
        if let Some(strand) = self.strand(index) {
            strand.unwinding = None;
        }
        let program = self.program.clone();
        while let Some(frame) = self.strand(index).and_then(|strand| strand.frames.pop()) {
            let Frame::Retry(block, number, used) = frame else { continue };
            let Some(statement) = program.block(block).get(number).filter(|_| error.is_retried()) else { continue };
            if error.is_backend() && error.source == "forward-request" {
                // The condition sees a response with status 500, never null. Source: traces in Azure-Samples/openai-apim-lb, issue 25.
                self.state.context.response = Some(error.response(self.state.context.request_id));
                self.state.streaming = None;
            }
            match self.again(statement, used, environment) {
                Ok(Again::Yes { inner, wait }) => return self.run_again(index, (block, number, used), inner, wait),
                Ok(Again::No) => {}
                // The condition wants the client's body: the unwinding goes on here once it is read.
                Err(Stop::Unread(which)) => match self.read(index, which) {
                    Ok(()) => {
                        if let Some(strand) = self.strand(index) {
                            strand.frames.push(frame);
                            strand.unwinding = Some((error, place));
                        }
                        return;
                    }
                    Err(failed) => error = failed,
                },
                Err(Stop::Error(failed)) => {
                    error = *failed;
                    place = Some(statement.place.clone());
                }
            }
        }
        match self.strands.get(index).and_then(|strand| strand.parent) {
            // The documentation does not say what a failing branch of a `wait` does: here its error is that of the `wait`, at once.
            Some(parent) => {
                self.abandon_branches(parent);
                self.unwind(parent, error, place, environment);
            }
            None => self.on_error(error, place, environment),
        }
    }

    fn on_error(&mut self, error: PolicyError, place: Option<Place>, environment: &dyn Environment) {
        if self.done {
            return;
        }
        if self.section == Section::OnError {
            // An error in on-error is not documented: the service's own 500 then.
            let response = default_response(500, "Internal server error", self.state.context.request_id);
            return self.answer(response, environment);
        }
        let mut last = error.last_error();
        last.section = self.section.name().into();
        if let Some(place) = place {
            last.scope = place.scope.name().into();
            last.path = place.path;
            last.policy_id = place.id;
        }
        self.state.context.response = Some(error.response(self.state.context.request_id));
        self.state.context.last_error = Some(Box::new(last));
        self.state.streaming = None;
        self.enter(Section::OnError);
    }

    fn again(&mut self, statement: &Statement, used: u32, environment: &mut dyn Environment) -> Result<Again, Stop> {
        self.in_turn(statement, environment, |turn| execute::retry::again(statement, used, turn))
    }

    /// The block of a `retry` has ended: does it run again?
    pub(super) fn retry(
        &mut self,
        program: &Program,
        index: usize,
        block: BlockId,
        number: usize,
        used: u32,
        environment: &mut dyn Environment,
    ) {
        let statement = program.block(block).get(number);
        let decided = statement.map_or(Ok(Again::No), |statement| self.again(statement, used, environment));
        if let Err(Stop::Unread(which)) = decided {
            let Err(error) = self.read(index, which) else { return };
            self.pop(index);
            return self.raise(index, error, statement, environment);
        }
        self.pop(index);
        match decided {
            Ok(Again::Yes { inner, wait }) => self.run_again(index, (block, number, used), inner, wait),
            Ok(Again::No) | Err(Stop::Unread(_)) => {}
            Err(Stop::Error(error)) => self.raise(index, *error, statement, environment),
        }
    }

    pub(super) fn pop(&mut self, index: usize) {
        if let Some(strand) = self.strand(index) {
            strand.frames.pop();
        }
    }

    fn run_again(&mut self, index: usize, (block, number, used): (BlockId, usize, u32), inner: BlockId, wait: Duration) {
        if self.is_counted {
            self.program.taken(inner);
        }
        self.push(index, Frame::Retry(block, number, used + 1));
        self.push(index, Frame::Block(inner, 0));
        if !wait.is_zero() {
            let operation = self.operation();
            let effect = Effect::Sleep { operation, duration: wait };
            self.wait(index, Awaited { effect, operation, waiting: Waiting::Sleep });
        }
    }
}
