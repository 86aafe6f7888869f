//! # Exercise 07-3: how different are two images of a class?
//!
//! A generator can be asked for a trouser and make the same trouser every time. So measure: the mean Euclidean distance of
//! two different images *of the same class*, in a judge's features; a mean for each class, and then the mean of these. Each image
//! comes as a row of features, with its class. The starter compares all images with all. **Predict**: what does it say of a generator
//! that knows one image a class? Run the check, compare, and mend it.
//!
//! Hint: The distance of a trouser and a bag says nothing of how many trousers there are.
//!
//! Hint: For each class take only the pairs in which both images are of it.
//!
//! Hint: `for class in 0..count`, in it `own`, the features of that class, and the mean of `distance(own[a], own[b])` over all
//! `b < a`.

fn diversity(features: &[Vec<f32>], classes: &[usize]) -> f32 {
    let distance = |a: &[f32], b: &[f32]| -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
    };
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    // solution
    // starter: let mut distances: Vec<f32> = Vec::new();
    // starter: for a in 0..features.len() {
    // starter:     for b in 0..a {
    // starter:         distances.push(distance(&features[a], &features[b]));
    // starter:     }
    // starter: }
    // starter: let _ = classes;
    // starter: mean(&distances)
    let count = classes.iter().max().map_or(0, |last| last + 1);
    let mut of_classes: Vec<f32> = Vec::new();
    for class in 0..count {
        let pairs = features.iter().zip(classes).filter(|(_, of)| **of == class);
        let own: Vec<&Vec<f32>> = pairs.map(|(features, _)| features).collect();
        let mut distances: Vec<f32> = Vec::new();
        for a in 0..own.len() {
            for b in 0..a {
                distances.push(distance(own[a], own[b]));
            }
        }
        of_classes.push(mean(&distances));
    }
    mean(&of_classes)
    // end
}

fn main() {
    // check
    gan_course::homework::check_07_3(diversity);
}
