//! A stage's settings from JSON: what is given goes over the defaults, and what no stage knows is refused.

use std::path::Path;

use serde_json::{Map, Value};

use crate::train::Stage;
use crate::{Error, Result};

/// The settings of the stage `S`, its defaults but for what is given: JSON, or the path of a file of it.
///
/// # Errors
/// The text is no JSON, of another stage's run, or has a field that the stage doesn't; the error lists those it has.
pub(super) fn of<S: Stage<Config: Default>>(given: Option<&str>) -> Result<S::Config> {
    let failed = |what: &str| Error::new(format!("read the settings of {}", S::KIND)).actual(what);
    let next = format!("`cargo course train {} --print-config` shows them all", S::KIND);
    let default = serde_json::to_value(S::Config::default()).map_err(|cause| failed(&cause.to_string()))?;
    let given = given.map_or_else(|| Ok(Value::Object(Map::new())), |given| read(S::KIND, given))?;
    let Value::Object(fields) = &given else {
        return Err(failed("").expected("a JSON object, such as {\"seed\": 1}").actual(&given).next(next));
    };
    let known: Vec<&str> = default.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(failed("").expected(known.join(", ")).actual(unknown).next(next));
    }
    let merged = merged(default, given.clone());
    let config: S::Config =
        serde_json::from_value(merged).map_err(|cause| failed(&cause.to_string()).next(next.clone()))?;
    // Fields further in, of parts that don't refuse unknown ones themselves: those that are lost on the way.
    let whole = serde_json::to_value(&config).map_err(|cause| failed(&cause.to_string()))?;
    match lost(&given, &whole, "") {
        None => Ok(config),
        Some(path) => Err(failed("").expected("fields that there are").actual(path).next(next)),
    }
}

/// The text itself if it is an object, or else what the file of that name holds.
fn read(stage: &str, given: &str) -> Result<Value> {
    let failed = |cause: String| Error::new(format!("read the settings of {stage}")).actual(cause);
    let next = "give an object such as {\"seed\": 1}, or the path of a file that holds one";
    let text = match given.trim_start().starts_with('{') {
        true => given.to_owned(),
        false => std::fs::read_to_string(Path::new(given))
            .map_err(|cause| failed(format!("{given}: {cause}")).next(next))?,
    };
    let value: Value =
        serde_json::from_str(&text).map_err(|cause| failed(format!("{given}: {cause}")).next(next))?;
    // A run's own config.json says of which stage it is.
    match (value.get("stage").and_then(Value::as_str), value.get("config")) {
        (Some(of), Some(config)) if of == stage => Ok(config.clone()),
        (Some(of), Some(_)) => Err(failed(String::new())
            .expected(format!("those of {stage}"))
            .actual(format!("those of {of} in {given}"))
            .next(format!("train {of}, or give another file"))),
        _ => Ok(value),
    }
}

/// `over` laid on `base`: objects whose fields `base` has too are merged, anything else takes its place (one variant of
/// an enum that of another).
fn merged(base: Value, over: Value) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) if over.keys().all(|name| base.contains_key(name)) => {
            for (name, value) in over {
                let old = base.get(&name).cloned().unwrap_or_default();
                base.insert(name, merged(old, value));
            }
            Value::Object(base)
        }
        (_, over) => over,
    }
}

/// The first field of `given` that is not in `whole`.
fn lost(given: &Value, whole: &Value, path: &str) -> Option<String> {
    let Value::Object(fields) = given else { return None };
    fields.iter().find_map(|(name, value)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match whole.get(name) {
            None => Some(path),
            Some(of_whole) => lost(value, of_whole, &path),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Target;
    use crate::lessons::gan::{Gan, GanConfig};
    use crate::optim::{OptimizerConfig, SgdConfig};

    fn gan(text: &str) -> Result<GanConfig> {
        of::<Gan>(Some(text))
    }

    #[test]
    fn what_is_given_goes_over_the_defaults() {
        assert_eq!(of::<Gan>(None).unwrap(), GanConfig::default());
        let config = gan(r#"{"k": 3, "generator": {"adam": {"rate": 0.25}}}"#).unwrap();
        let expected = r#"{"adam":{"rate":0.25,"betas":[0.5,0.999],"epsilon":1e-8}}"#;
        assert_eq!(serde_json::to_string(&config.generator).unwrap(), expected);
        assert_eq!((config.k, config.discriminator), (3, GanConfig::default().discriminator));
        // Another variant takes the place of the default's.
        let config = gan(
            r#"{"target": {"samples": [1, 2]}, "discriminator": {"sgd": {"rate": 1.0, "momentum": 0.0}}}"#,
        )
        .unwrap();
        assert_eq!(config.target, Target::Samples(vec![1.0, 2.0]));
        assert_eq!(config.discriminator, OptimizerConfig::Sgd(SgdConfig { rate: 1.0, momentum: 0.0 }));
    }

    #[test]
    fn what_is_not_known_is_refused_with_the_list() {
        for (text, part) in [
            (
                r#"{"bach": 3}"#,
                "expected target, loss, k, batch, generator, discriminator, average, normalise, seed, found bach",
            ),
            (r#"{"generator": {"adam": {"rat": 1}}}"#, "unknown field `rat`, expected one of `rate`"),
            (r#"{"batch": "many"}"#, "expected usize"),
            ("{", "EOF while parsing"),
            ("no/such.json", "no/such.json: No such file"),
        ] {
            let message = gan(text).unwrap_err().to_string();
            assert!(message.starts_with("cannot read the settings of gan: "), "{message}");
            assert!(message.contains(part) && message.contains(". Next: "), "{message}");
        }
        let unknown = serde_json::json!({"a": {"b": 1, "c": 2}});
        assert_eq!(lost(&unknown, &serde_json::json!({"a": {"b": 1}}), "").as_deref(), Some("a.c"));
    }

    #[test]
    fn a_runs_own_record_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        std::fs::write(&path, r#"{"stage": "gan", "config": {"k": 7}, "until": 10, "every": 1}"#).unwrap();
        assert_eq!(gan(path.to_str().unwrap()).unwrap().k, 7);
        let message = of::<crate::lessons::density::DensityNet>(path.to_str()).unwrap_err().to_string();
        assert!(message.contains("expected those of density, found those of gan"), "{message}");
        std::fs::write(&path, "[1]").unwrap();
        let message = gan(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(message.contains("expected a JSON object"), "{message}");
    }
}
