//! # Exercise 07-1: the class as channels
//!
//! In a cGAN $D$ sees the class too: behind an image's own channels one a class, filled with 1 for its own and with 0 for the
//! others. Build $D$'s input from images $(B, C, H \cdot W)$, row by row, `area` $= H \cdot W$ numbers a channel, their classes and how many
//! classes there are. The starter joins all images and then all planes. The total is right. **Predict**: of what does the
//! first sample consist, when the numbers are cut into $(B, C + K, H \cdot W)$ again? Run the check, compare, and mend it.
//!
//! Hint: In row-major order a sample's numbers stand together. Where do its class channels have to stand then?
//!
//! Hint: Go through images and classes together, and push each image's numbers before its planes.
//!
//! Hint: `for (image, &class) in images.chunks(images.len() / classes.len()).zip(classes)`, and in it the planes of that class.

fn beside(images: &[f32], area: usize, classes: &[usize], count: usize) -> Vec<f32> {
    let planes = |class: usize| -> Vec<f32> {
        (0..count * area).map(|at| if at / area == class { 1.0 } else { 0.0 }).collect()
    };
    let mut input: Vec<f32> = Vec::new();
    // solution
    // starter: input.extend_from_slice(images);
    // starter: for &class in classes {
    // starter:     input.extend(planes(class));
    // starter: }
    for (image, &class) in images.chunks(images.len() / classes.len()).zip(classes) {
        input.extend_from_slice(image);
        input.extend(planes(class));
    }
    // end
    input
}

fn main() {
    // check
    gan_course::homework::check_07_1(beside);
}
