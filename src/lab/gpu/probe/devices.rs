//! Which GPU a program will run on, by what the driver's program says and what `CUDA_VISIBLE_DEVICES` asks for.
//!
//! The course is built for one capability and runs on the first device that a program sees. That variable's numbers follow
//! CUDA's own order, the fastest first, unless `CUDA_DEVICE_ORDER` is `PCI_BUS_ID`; nvidia-smi's order is the bus's. So of
//! unlike GPUs a number says nothing here, and of like ones it is handed on as it is. A GPU that MIG has divided is reached
//! by its instances, each with an id of its own.

use super::{Machine, numbers};

/// A GPU, or an instance of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gpu {
    /// As `CUDA_VISIBLE_DEVICES` is to name it.
    pub(super) device: String,
    pub(super) name: String,
    pub(super) capability: String,
    pub(super) driver: String,
    /// Name and capability of nvidia-smi's first GPU, for which dfdx's build wants to have code, whichever is used.
    pub(super) first: (String, String),
}

/// What is asked of nvidia-smi about all GPUs, and about the instances of those that are divided.
pub(super) const QUERY: [&str; 2] =
    ["--query-gpu=uuid,name,compute_cap,driver_version,mig.mode.current", "--format=csv,noheader"];
pub(super) const LIST: [&str; 1] = ["-L"];

/// Why there is none, and what to do about it.
pub(super) type Refusal = (String, String);

/// A line of nvidia-smi's answer.
struct Row {
    uuid: String,
    name: String,
    capability: String,
    driver: String,
    divided: bool,
}

/// An instance, of which GPU, and how large, as in `1g.5gb`.
struct Instance {
    uuid: String,
    of: String,
    profile: String,
}

/// The device that will be used, of nvidia-smi's answer to [`QUERY`]; `list` asks it for [`LIST`].
pub(super) fn choose(machine: &Machine, answer: &str, list: impl FnOnce() -> String) -> Result<Gpu, Refusal> {
    let rows: Vec<Row> = answer.lines().filter_map(row).collect();
    if !rows.iter().any(Row::is_usable) {
        let line = answer.lines().next().unwrap_or_default();
        let said = if line.is_empty() { "nothing".to_owned() } else { format!("`{line}`") };
        let advice = "run nvidia-smi by hand, and install the driver anew";
        return Err((format!("nvidia-smi says {said}"), advice.into()));
    }
    let text = if rows.iter().any(|row| row.divided) { list() } else { String::new() };
    let all = Devices { rows: &rows, instances: instances(&text) };
    match machine.visible.as_deref() {
        // The first that is named: dfdx takes that one.
        Some(visible) => all.named(visible.split(',').next().unwrap_or_default().trim(), machine.by_bus),
        None => all.best(),
    }
}

struct Devices<'a> {
    rows: &'a [Row],
    instances: Vec<Instance>,
}

impl Devices<'_> {
    /// The most capable, and of several the first; those without an instance only where there is no other.
    fn best(&self) -> Result<Gpu, Refusal> {
        let usable = self.rows.iter().rev().filter(|row| row.is_usable());
        let best = usable.max_by_key(|row| (self.whole(row).is_ok(), numbers(&row.capability)));
        best.map_or_else(|| Err(self.none("")), |row| self.whole(row))
    }

    fn named(&self, first: &str, by_bus: bool) -> Result<Gpu, Refusal> {
        if let Ok(at) = first.parse::<usize>() {
            return self.numbered(at, by_bus);
        }
        if first.starts_with("MIG-") {
            let found = self.instances.iter().filter(|instance| instance.uuid.starts_with(first));
            let found: Vec<_> = found.filter_map(|instance| Some((instance, self.of(instance)?))).collect();
            return match found[..] {
                [(instance, row)] => Ok(self.gpu(row, Some(instance))),
                [] => Err(self.none(first)),
                _ => Err(several(first)),
            };
        }
        let begins = |row: &&Row| first.starts_with("GPU-") && row.uuid.starts_with(first);
        match self.rows.iter().filter(begins).collect::<Vec<_>>()[..] {
            [row] if row.is_usable() => self.whole(row),
            [] | [_] => Err(self.none(first)),
            _ => Err(several(first)),
        }
    }

    fn numbered(&self, at: usize, by_bus: bool) -> Result<Gpu, Refusal> {
        let Some(row) = self.rows.get(at) else { return Err(self.none(&at.to_string())) };
        let alike =
            self.rows.iter().all(|other| (&other.name, &other.capability) == (&row.name, &row.capability));
        if self.rows.iter().any(|row| row.divided) {
            let why = format!("CUDA_VISIBLE_DEVICES is `{at}`, and with MIG numbers are nobody's");
            return Err((why, "name an instance by its id (nvidia-smi -L), or unset it".into()));
        }
        if by_bus || self.rows.len() == 1 {
            return if row.is_usable() { self.whole(row) } else { Err(self.none(&at.to_string())) };
        }
        if alike {
            return Ok(Gpu { device: at.to_string(), ..self.gpu(row, None) });
        }
        let why = format!(
            "CUDA_VISIBLE_DEVICES is `{at}` in CUDA's own order of unlike GPUs, which nvidia-smi doesn't tell"
        );
        Err((why, "set CUDA_DEVICE_ORDER=PCI_BUS_ID, or name the GPU by its id (nvidia-smi -L)".into()))
    }

    /// A GPU, or the first instance of one that is divided.
    fn whole(&self, row: &Row) -> Result<Gpu, Refusal> {
        if !row.divided {
            return Ok(self.gpu(row, None));
        }
        let instance = self.instances.iter().find(|instance| instance.of == row.uuid).ok_or_else(|| {
            let why = format!("{} is in MIG mode and has no instance", row.name);
            (
                why,
                "make an instance (nvidia-smi mig -cgi … -C), or leave MIG mode (nvidia-smi -mig 0)"
                    .to_owned(),
            )
        })?;
        Ok(self.gpu(row, Some(instance)))
    }

    fn of(&self, instance: &Instance) -> Option<&Row> {
        self.rows.iter().find(|row| row.uuid == instance.of && row.is_usable())
    }

    fn gpu(&self, row: &Row, instance: Option<&Instance>) -> Gpu {
        let first = self.rows.first().unwrap_or(row);
        Gpu {
            device: instance.map_or(&row.uuid, |instance| &instance.uuid).clone(),
            name: instance.map_or_else(
                || row.name.clone(),
                |instance| format!("{} MIG {}", row.name, instance.profile),
            ),
            capability: row.capability.clone(),
            driver: row.driver.clone(),
            first: (first.name.clone(), first.capability.clone()),
        }
    }

    fn none(&self, first: &str) -> Refusal {
        let count = self.rows.len() + self.instances.len();
        let why = format!("CUDA_VISIBLE_DEVICES is `{first}`, which names none of {count}");
        (why, "unset CUDA_VISIBLE_DEVICES, or name a GPU by its id (nvidia-smi -L)".into())
    }
}

fn several(first: &str) -> Refusal {
    let why = format!("CUDA_VISIBLE_DEVICES is `{first}`, which names several");
    (why, "give the whole id (nvidia-smi -L)".into())
}

impl Row {
    /// Whether the driver says what it can do; of very old ones it doesn't.
    fn is_usable(&self) -> bool {
        numbers(&self.capability).is_some()
    }
}

fn row(line: &str) -> Option<Row> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [uuid, name, capability, driver, mig] = fields[..] else { return None };
    let (uuid, name, capability, driver) = (uuid.into(), name.into(), capability.into(), driver.into());
    let row = Row { uuid, name, capability, driver, divided: mig == "Enabled" };
    row.uuid.starts_with("GPU-").then_some(row)
}

/// `  MIG 1g.5gb      Device  0: (UUID: MIG-…)`, each below its GPU's line.
fn instances(list: &str) -> Vec<Instance> {
    let (mut found, mut of) = (Vec::new(), String::new());
    for line in list.lines() {
        let Some((before, uuid)) = line.trim().split_once("(UUID: ") else { continue };
        let uuid = uuid.trim_end_matches(')').to_owned();
        if uuid.starts_with("MIG-") {
            let profile = before.split_whitespace().nth(1).unwrap_or_default().to_owned();
            found.push(Instance { uuid, of: of.clone(), profile });
        } else {
            of = uuid;
        }
    }
    found
}
