//! What a browser does with the form of a page.

use url::form_urlencoded;

/// The body that it posts: the hidden fields and the button, as
/// `application/x-www-form-urlencoded`.
///
/// The parser replaces NUL, and a line break is posted as CR LF (HTML, "constructing the entry
/// list" and "multipart and urlencoded form data").
pub(crate) fn post<N: AsRef<str>, V: AsRef<str>>(
    fields: impl IntoIterator<Item = (N, V)>,
    button: Option<(&str, &str)>,
) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        let value = value.as_ref().replace('\0', "\u{fffd}").replace("\r\n", "\n").replace('\r', "\n");
        form.append_pair(name.as_ref(), &value.replace('\n', "\r\n"));
    }
    form.extend_pairs(button);
    form.finish()
}
