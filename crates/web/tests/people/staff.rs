//! Those who work at the offices, as they come in for real: invited, with a password and the codes of an app.
#![allow(dead_code, reason = "each test knows a part of these people")]

use antrean_app::caller::{Actor, Caller, unhex};
use antrean_app::staff::{AddStaff, Invited, OperatorInvites, begin, totp_of_link};
use antrean_domain::staff::{Login, Password, Role};

use super::Server;

/// The password that everybody here chooses.
pub const PASSWORD: &str = "kuda hijau minum teh";

impl Server {
    /// Invites somebody, as an operator does from the command line.
    pub async fn invite(&self, name: &str, role: Role, offices: &[&str]) -> Invited {
        let offices = offices.iter().map(|code| code.parse().unwrap()).collect();
        let add = AddStaff { login: Login::parse(name).unwrap(), name: format!("Nama {name}"), role, offices };
        self.app.perform_as(Actor::Operator, OperatorInvites { add }).await.unwrap()
    }

    /// The code that the app of somebody invited shows now.
    pub fn code_of(&self, invited: &Invited) -> String {
        let secret = totp_of_link(self.app.keys(), &unhex(&invited.token).unwrap());
        let totp = totp_rs::Builder::new().with_secret(secret.to_vec()).build().unwrap();
        totp.generate(self.app.now().as_second() as u64).to_string()
    }

    /// The session of somebody of the staff who has just begun.
    pub async fn on_duty(&self, name: &str, role: Role, offices: &[&str]) -> String {
        let invited = self.invite(name, role, offices).await;
        let (password, code) = (Password::typed(PASSWORD).unwrap(), self.code_of(&invited));
        begin(&self.app, Caller::default(), &invited.token, password, &code).await.unwrap().session
    }
}
