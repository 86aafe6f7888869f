//! The methods that every stage has, written once.

/// Gives a stage its methods and a short `Debug`: concrete ones, compiled and optimised with the crate, so that notebook cells only call
/// them.
#[macro_export]
macro_rules! stage {
    ($stage:ty, $config:ty, $report:ty) => {
        impl std::fmt::Debug for $stage {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.core.describe(stringify!($stage), f)
            }
        }

        impl $stage {
            /// The stage at its beginning.
            ///
            /// # Errors
            /// A setting out of its range.
            pub fn new(config: $config) -> $crate::Result<Self> {
                $crate::train::Stage::build(config)
            }

            /// What was set at the beginning.
            pub fn config(&self) -> &$config {
                &self.core.config
            }

            /// How many steps were made.
            pub fn steps(&self) -> u64 {
                self.core.steps()
            }

            /// The reports of all steps.
            pub fn history(&self) -> &$crate::train::History<$report> {
                self.core.history()
            }

            /// The folder in `runs/` that [`train`](Self::train) saves to.
            pub fn name(&self) -> &str {
                self.core.name()
            }

            /// The whole path of that folder.
            pub fn folder(&self) -> std::path::PathBuf {
                self.core.folder()
            }

            /// Saves to another folder in `runs/` from now on: for a fork that is to live beside the original.
            ///
            /// # Errors
            /// The name is no plain folder name.
            pub fn rename(&mut self, name: &str) -> $crate::Result<()> {
                self.core.rename(name)
            }

            /// One step: what happened in it is returned, and kept in the history.
            ///
            /// # Errors
            /// A loss or gradient was not finite.
            pub fn step(&mut self) -> $crate::Result<$report> {
                $crate::train::step(self)
            }

            /// Makes `steps` steps and saves to `runs/NAME` at the start, every five seconds, and at the end.
            ///
            /// In the course's kernel the notebook shows a bar, the stage and its curves while they change, and an interrupt
            /// ends training after its step, saved, with all variables. Anywhere else a line every two seconds tells the
            /// progress, and an interrupted notebook cell loses every variable, but not the run.
            ///
            /// # Errors
            /// A loss or gradient was not finite, the run can't be saved, or another process trains it.
            pub fn train(&mut self, steps: u64) -> $crate::Result<()> {
                $crate::train::train(self, steps, &$crate::train::Pace::default())
            }

            /// Makes `steps` steps, and records the beginning, every `every`-th and the last: a timeline to go back and
            /// forth in, and to fork. The run's folder is not touched.
            ///
            /// # Errors
            /// `steps` or `every` is 0, the stage has no picture of itself, or a loss was not finite.
            pub fn record(&mut self, steps: u64, every: u64) -> $crate::Result<$crate::train::Timeline> {
                $crate::train::Timeline::record(self, steps, every)
            }

            /// The stage as it was after this step of a timeline, on the processor with the same bits.
            ///
            /// # Errors
            /// The step lies outside of the timeline, or the timeline is of another kind of stage.
            pub fn at(timeline: &$crate::train::Timeline, step: u64) -> $crate::Result<Self> {
                timeline.state(step)
            }

            /// What there is to see of the stage as it stands; none for a stage without a picture of itself.
            ///
            /// # Errors
            /// What there is to draw is not finite.
            pub fn view(&self) -> $crate::Result<Option<$crate::show::View>> {
                $crate::train::Stage::view(self)
            }

            /// Gives back the run `runs/NAME` as it was last saved.
            ///
            /// # Errors
            /// There is none, it is damaged, or another process trains it.
            pub fn resume(name: &str) -> $crate::Result<Self> {
                $crate::train::resume(name)
            }

            /// Saves the stage whole to a file of any name.
            ///
            /// # Errors
            /// A number in it is not finite, or the file can't be written.
            pub fn save(&self, path: impl AsRef<std::path::Path>) -> $crate::Result<()> {
                $crate::train::save(self, path.as_ref())
            }

            /// Loads what [`save`](Self::save) saved.
            ///
            /// # Errors
            /// The file can't be read, is damaged, or is no checkpoint of this kind of stage.
            pub fn load(path: impl AsRef<std::path::Path>) -> $crate::Result<Self> {
                $crate::train::load(path.as_ref())
            }
        }
    };
}
