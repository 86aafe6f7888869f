//! # Exercise 05-5: pictures in training mode (bug museum)
//!
//! The generator is trained, and pictures of some latent vectors are wanted. `forward_mut` is the network in training mode,
//! `forward` in evaluation mode (PyTorch: `train()` and `eval()`). The starter forgets to change the mode, as most published DCGAN code
//! does. **Predict**: you ask for the picture of one $z$ alone, and of the same $z$ among seven others. Are they the same? And what has
//! become of the generator after you have looked ten times? Run the check, compare, and mend it.
//!
//! Hint: Section 5: by which mean and deviation does batch normalisation normalise, in each of the modes?
//!
//! Hint: In training mode each picture depends on those beside it, and each look moves the running averages, which are what the
//! generator is saved with.
//!
//! Hint: `g.forward(z)`

fn pictures(
    g: &mut gan_course::nn::dcgan::Network,
    z: gan_course::lessons::dcgan::Batch,
) -> gan_course::Result<gan_course::lessons::dcgan::Batch> {
    // solution
    // starter: g.forward_mut(z)
    g.forward(z)
    // end
}

fn main() {
    // check
    gan_course::homework::check_05_5(pictures);
}
