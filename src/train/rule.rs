//! What a step applies, as a line of mathematics.

use crate::optim::OptimizerConfig;
use crate::show::three_digits;

/// One line of an algorithm: who moves, down which loss, by which update.
///
/// Text between `_{` and `}` stands below the line, between `^{` and `}` above it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What it is: "D's step, 5 times".
    pub who: String,
    /// Who moves: "D"; empty where there is nobody else.
    pub player: String,
    /// What is made small: "L_{D} = −½ [mean ln D(x) + mean ln(1 − D(G(z)))]".
    pub loss: String,
    /// How the parameters move: "θ_{D} ← θ_{D} − η g".
    pub update: String,
    /// The learning rate η of this step.
    pub rate: f64,
}

impl Rule {
    /// The step of a player of this name down a loss; the optimiser's rate times `share` is the step's.
    ///
    /// ```
    /// use gan_course::{optim::{OptimizerConfig, SgdConfig}, train::Rule};
    /// let sgd = OptimizerConfig::from(SgdConfig { rate: 0.5, ..SgdConfig::default() });
    /// let rule = Rule::new("G's step", "G", "−mean ln D(G(z))", &sgd, 0.5);
    /// assert_eq!(rule.update, "θ_{G} ← θ_{G} − η g,  g = ∇L_{G},  η\u{a0}=\u{a0}0.250");
    /// ```
    pub fn new(who: &str, player: &str, loss: &str, optimizer: &OptimizerConfig, share: f64) -> Self {
        let (rate, direction) = match optimizer {
            OptimizerConfig::Sgd(sgd) if sgd.momentum == 0.0 => (sgd.rate, "g"),
            OptimizerConfig::Sgd(sgd) => (sgd.rate, "b"),
            OptimizerConfig::RmsProp(rms) if rms.momentum == 0.0 => (rms.rate, "g / (√v + ε)"),
            OptimizerConfig::RmsProp(rms) => (rms.rate, "b"),
            OptimizerConfig::Adam(adam) => (adam.rate, "m̂ / (√v̂ + ε)"),
        };
        let moments = match optimizer {
            OptimizerConfig::Sgd(sgd) if sgd.momentum == 0.0 => "",
            OptimizerConfig::Sgd(_) => "  b ← μ b + g,",
            OptimizerConfig::RmsProp(rms) if rms.momentum == 0.0 => "  v an average of g^{2},",
            OptimizerConfig::RmsProp(_) => "  b ← μ b + g / (√v + ε),  v an average of g^{2},",
            OptimizerConfig::Adam(_) => "  m̂, v̂ averages of g and g^{2},",
        };
        let (rate, name) =
            (rate * share, if player.is_empty() { String::new() } else { format!("_{{{player}}}") });
        Self {
            who: who.into(),
            player: player.into(),
            loss: format!("L{name} = {loss}"),
            update: format!(
                "θ{name} ← θ{name} − η {direction},  g = ∇L{name},{moments}  η\u{a0}=\u{a0}{}",
                three_digits(rate)
            ),
            rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{AdamConfig, RmsPropConfig, SgdConfig};

    /// What is subtracted is what the optimiser subtracts: with momentum that is b, whatever b is made of.
    #[test]
    fn an_update_is_that_of_its_optimiser() {
        let (sgd, rms) = (SgdConfig::default(), RmsPropConfig::default());
        let cases: [(OptimizerConfig, &str, &str); 5] = [
            (SgdConfig { momentum: 0.0, ..sgd.clone() }.into(), "− η g,  g", "∇L,  η"),
            (SgdConfig { momentum: 0.5, ..sgd }.into(), "− η b,  g", "  b ← μ b + g,  η"),
            (RmsPropConfig { momentum: 0.0, ..rms.clone() }.into(), "− η g / (√v + ε),  g", "g^{2},  η"),
            (RmsPropConfig { momentum: 0.5, ..rms }.into(), "− η b,  g", "  b ← μ b + g / (√v + ε),  v "),
            (AdamConfig::default().into(), "− η m̂ / (√v̂ + ε),  g", "m̂, v̂ averages"),
        ];
        for (optimizer, moved, moments) in cases {
            let update = Rule::new("", "", "", &optimizer, 1.0).update;
            assert!(update.contains(moved) && update.contains(moments), "{update}");
        }
    }
}
