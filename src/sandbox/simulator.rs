//! The interface of a simulated vendor.

use std::any::Any;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::support::{Answer, Context, Person};
use crate::model::call::Call;

/// A lookup of an agent's person among all vendors.
pub type People<'a> = &'a dyn Fn(&str) -> Option<Person>;

/// A vendor's data and its responses. Its stored form is that of `serde`.
pub trait Simulated: Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The vendor's key in a state file.
    const KEY: &'static str;

    /// The headers that it reads, in lower case, besides those of every request.
    const HEADERS: &'static [&'static str];

    /// The query parameters that it reads.
    const PARAMETERS: &'static [&'static str] = &[];

    /// Returns true if a path is the vendor's.
    fn serves(path: &str) -> bool;

    /// Returns true if a call to a path may change stored data.
    fn may_change(path: &str) -> bool;

    /// Answers a request to one of its paths; `None` if no operation has this path.
    fn answer(
        &mut self,
        method: &str,
        call: &Call,
        people: People<'_>,
        ctx: &mut Context<'_>,
    ) -> Option<Answer>;

    /// Returns the person behind an agent that it holds.
    fn person(&self, _agent: &str) -> Option<Person> {
        None
    }

    /// Takes over another simulator's settings and presence; keeps the data that operations change.
    ///
    /// Settings are credentials, catalogues and rates.
    fn behave_like(&mut self, other: Self);

    /// Returns the departures from its document so far.
    fn departures(&self) -> &[String];
}

/// A [`Simulated`] vendor of any type.
pub trait Simulator: Any + Send + Sync {
    /// See [`Simulated::KEY`].
    fn key(&self) -> &'static str;
    /// See [`Simulated::HEADERS`].
    fn headers(&self) -> &'static [&'static str];
    /// See [`Simulated::PARAMETERS`].
    fn parameters(&self) -> &'static [&'static str];
    /// See [`Simulated::serves`].
    fn serves(&self, path: &str) -> bool;
    /// See [`Simulated::may_change`].
    fn may_change(&self, path: &str) -> bool;
    /// See [`Simulated::answer`].
    fn answer(
        &mut self,
        method: &str,
        call: &Call,
        people: People<'_>,
        ctx: &mut Context<'_>,
    ) -> Option<Answer>;
    /// See [`Simulated::person`].
    fn person(&self, agent: &str) -> Option<Person>;
    /// See [`Simulated::behave_like`]; another type has no effect.
    fn behave_like(&mut self, other: &dyn Simulator);
    /// See [`Simulated::departures`].
    fn departures(&self) -> &[String];
    /// Returns a copy.
    fn boxed(&self) -> Box<dyn Simulator>;
    /// Returns the stored form.
    ///
    /// # Errors
    /// The stored form is no JSON.
    fn store(&self) -> serde_json::Result<String>;
    /// Replaces the data with a stored form.
    ///
    /// # Errors
    /// The form is another vendor's.
    fn restore(&mut self, stored: Value) -> serde_json::Result<()>;
}

impl<S: Simulated> Simulator for S {
    fn key(&self) -> &'static str {
        S::KEY
    }

    fn headers(&self) -> &'static [&'static str] {
        S::HEADERS
    }

    fn parameters(&self) -> &'static [&'static str] {
        S::PARAMETERS
    }

    fn serves(&self, path: &str) -> bool {
        S::serves(path)
    }

    fn may_change(&self, path: &str) -> bool {
        S::may_change(path)
    }

    fn answer(
        &mut self,
        method: &str,
        call: &Call,
        people: People<'_>,
        ctx: &mut Context<'_>,
    ) -> Option<Answer> {
        Simulated::answer(self, method, call, people, ctx)
    }

    fn person(&self, agent: &str) -> Option<Person> {
        Simulated::person(self, agent)
    }

    fn behave_like(&mut self, other: &dyn Simulator) {
        if let Some(other) = (other as &dyn Any).downcast_ref::<S>() {
            Simulated::behave_like(self, other.clone());
        }
    }

    fn departures(&self) -> &[String] {
        Simulated::departures(self)
    }

    fn boxed(&self) -> Box<dyn Simulator> {
        Box::new(self.clone())
    }

    fn store(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn restore(&mut self, stored: Value) -> serde_json::Result<()> {
        *self = serde_json::from_value(stored)?;
        Ok(())
    }
}

impl Clone for Box<dyn Simulator> {
    fn clone(&self) -> Self {
        (**self).boxed()
    }
}

/// A constructor of a vendor's simulator.
pub type Factory = fn() -> Box<dyn Simulator>;

/// Returns the factory of a vendor's simulator.
pub const fn factory<S: Simulated>() -> Factory {
    || Box::new(S::default())
}
