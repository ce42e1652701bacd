pub(crate) fn show() -> Result<(), crate::vector::Error> {
    Ok(())
}
