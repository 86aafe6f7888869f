//! Vector arithmetic with faces (Radford, Metz and Chintala 2016, section 6.3.2).

use super::directions::Readings;
use super::study::Study;
use super::vectors::{Vector, check};
use crate::Result;
use crate::lessons::dcgan::Generator;

/// mean(`plus`) - mean(`minus`) + z, for an attribute: the mean vector of faces that show one answer, less that of faces
/// that show another, added to a face. The paper averages three vectors, since the arithmetic with single ones is
/// unstable; here it is all that were read.
///
/// # Errors
/// Those of [`Readings::mean`], or `z` has another length.
pub fn arithmetic(
    g: &Generator,
    readings: &Readings,
    (attribute, plus, minus): (&str, &str, &str),
    z: &[f32],
) -> Result<Study> {
    check(g, &[z.to_vec()])?;
    let (a, b) = (readings.mean(attribute, plus)?, readings.mean(attribute, minus)?);
    check(g, std::slice::from_ref(&a))?;
    let sum: Vector = a.iter().zip(&b).zip(z).map(|((a, b), z)| a - b + z).collect();
    let points = vec![
        (format!("mean of “{plus}”"), a),
        (format!("− mean of “{minus}”"), b),
        ("+ this face".into(), z.to_vec()),
        ("= this one".into(), sum),
    ];
    Study::new(
        g,
        &format!("Vector arithmetic: what makes a “{plus}” of a “{minus}”, added to a face."),
        4,
        points,
    )
}
