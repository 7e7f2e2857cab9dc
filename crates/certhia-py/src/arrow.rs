//! The Arrow C data interface (<https://arrow.apache.org/docs/format/CDataInterface.html>) over a batch's columns.
//!
//! Unsafe code, as in `seen`. Nothing is copied: each exported array holds the batch by an `Arc` of its own, and its buffers
//! point into it. A batch never changes, so they stay where they are until the last holder lets go.
//!
//! The rules of the interface that all of this follows:
//! - A structure belongs to whoever holds it, and is released by calling its `release`, once; that sets `release` to
//!   null. Whoever takes a structure over copies its bits and sets the original's `release` to null.
//! - A parent's release also releases those children that nobody has taken over. A child that was taken over must live
//!   on without its parent: so every child holds its own `Arc`.
//! - A release may come from any thread, without the GIL. There is nothing of Python's in here.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{self, NonNull};
use std::sync::Arc;

use certhia_core::batch::{Batch, Bits, Column, Data, Unit};

/// ARROW_FLAG_NULLABLE
const NULLABLE: i64 = 2;

/// struct ArrowSchema
#[repr(C)]
pub struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Schema,
    dictionary: *mut Schema,
    release: Option<unsafe extern "C" fn(*mut Schema)>,
    private_data: *mut c_void,
}

/// struct ArrowArray
#[repr(C)]
pub struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Array,
    dictionary: *mut Array,
    release: Option<unsafe extern "C" fn(*mut Array)>,
    private_data: *mut c_void,
}

/// What a schema's pointers point to.
struct SchemaParts {
    /// Static: `Schema::format` points to it as well.
    name: CString,
    children: Vec<*mut Schema>,
    dictionary: *mut Schema,
}

/// What an array's pointers point to.
struct ArrayParts {
    /// Keeps what the buffers point to.
    _batch: Arc<Batch>,
    buffers: Vec<*const c_void>,
    children: Vec<*mut Array>,
    dictionary: *mut Array,
}

// The two promises below rest on this.
const _: () = shared::<Batch>();
const fn shared<T: Send + Sync>() {}

// SAFETY: all that a structure points to is its own, or in a batch, which is immutable and shared by an `Arc`.
unsafe impl Send for Schema {}
// SAFETY: likewise.
unsafe impl Send for Array {}

impl Schema {
    /// A struct with a field for each column.
    pub fn of(batch: &Batch) -> Self {
        let fields = batch.columns().iter();
        let fields = fields.map(|column| Self::field(column.name, &column.data, column.validity.is_some()));
        Self::new(c"+s", "", false, fields.collect(), None)
    }

    fn field(name: &str, data: &Data, nullable: bool) -> Self {
        let (children, dictionary) = match data {
            Data::List { items, .. } => (vec![Self::field("item", items, false)], None),
            Data::Dictionary { values, .. } => (Vec::new(), Some(Self::field("", values, false))),
            _ => (Vec::new(), None),
        };
        Self::new(format(data), name, nullable, children, dictionary)
    }

    fn new(format: &'static CStr, name: &str, nullable: bool, children: Vec<Self>, dictionary: Option<Self>) -> Self {
        let mut parts = Box::new(SchemaParts {
            name: CString::new(name).unwrap_or_default(), // columns' names have no NUL
            children: children.into_iter().map(boxed).collect(),
            dictionary: dictionary.map_or(ptr::null_mut(), boxed),
        });
        Self {
            format: format.as_ptr(),
            name: parts.name.as_ptr(),
            metadata: ptr::null(),
            flags: if nullable { NULLABLE } else { 0 },
            n_children: count(parts.children.len()),
            children: parts.children.as_mut_ptr(),
            dictionary: parts.dictionary,
            release: Some(release_schema),
            private_data: Box::into_raw(parts).cast(),
        }
    }

    /// How many fields a struct's schema has; None for what is no struct, or was released.
    fn fields(&self) -> Option<usize> {
        if self.release.is_none() || self.format.is_null() {
            return None;
        }
        // SAFETY: `format` of a schema that is not released is a string that ends with NUL.
        let format = unsafe { CStr::from_ptr(self.format) };
        (format == c"+s").then(|| usize::try_from(self.n_children).ok()).flatten()
    }
}

impl Array {
    /// A struct array of all rows.
    pub fn of(batch: &Arc<Batch>) -> Self {
        let columns = batch.columns().iter();
        let columns = columns.map(|column| Self::column(batch, column)).collect();
        Self::new(batch, batch.len(), 0, vec![ptr::null()], columns, None)
    }

    fn column(batch: &Arc<Batch>, column: &Column) -> Self {
        Self::data(batch, &column.data, column.validity.as_ref())
    }

    fn data(batch: &Arc<Batch>, data: &Data, validity: Option<&Bits>) -> Self {
        // A validity buffer may be absent where all values are there.
        let validity = validity.filter(|bits| bits.unset() != 0);
        let nulls = validity.map_or(0, Bits::unset);
        let mut buffers = vec![validity.map_or(ptr::null(), |bits| address(bits.bytes()))];
        let (mut children, mut dictionary) = (Vec::new(), None);
        match data {
            Data::Bool(bits) => buffers.push(address(bits.bytes())),
            Data::Unsigned(values) => buffers.push(address(values)),
            Data::Small(values) => buffers.push(address(values)),
            Data::Time(_, values) => buffers.push(address(values)),
            Data::Hash(values) => buffers.push(address(values)),
            Data::Text(text) => {
                buffers.extend([address(&text.offsets), address(text.characters.as_bytes())]);
            }
            Data::List { offsets, items } => {
                buffers.push(address(offsets));
                children.push(Self::data(batch, items, None));
            }
            Data::Dictionary { keys, values } => {
                buffers.push(address(keys));
                dictionary = Some(Self::data(batch, values, None));
            }
        }
        Self::new(batch, data.len(), nulls, buffers, children, dictionary)
    }

    fn new(
        batch: &Arc<Batch>,
        length: usize,
        nulls: usize,
        buffers: Vec<*const c_void>,
        children: Vec<Self>,
        dictionary: Option<Self>,
    ) -> Self {
        let mut parts = Box::new(ArrayParts {
            _batch: Arc::clone(batch),
            buffers,
            children: children.into_iter().map(boxed).collect(),
            dictionary: dictionary.map_or(ptr::null_mut(), boxed),
        });
        Self {
            length: count(length),
            null_count: count(nulls),
            offset: 0,
            n_buffers: count(parts.buffers.len()),
            n_children: count(parts.children.len()),
            buffers: parts.buffers.as_mut_ptr(),
            children: parts.children.as_mut_ptr(),
            dictionary: parts.dictionary,
            release: Some(release_array),
            private_data: Box::into_raw(parts).cast(),
        }
    }
}

/// <https://arrow.apache.org/docs/format/CDataInterface.html#data-type-description-format-strings>
fn format(data: &Data) -> &'static CStr {
    match data {
        Data::Bool(_) => c"b",
        Data::Unsigned(_) => c"L",
        Data::Small(_) => c"I",
        Data::Time(Unit::Milliseconds, _) => c"tsm:UTC",
        Data::Time(Unit::Seconds, _) => c"tss:UTC",
        Data::Hash(_) => c"w:32",
        Data::Text(_) => c"u",
        Data::Dictionary { .. } => c"i", // of its keys
        Data::List { .. } => c"+l",
    }
}

/// How many fields a capsule's schema asks for; None where it asks for no struct.
pub fn requested_fields(schema: NonNull<c_void>) -> Option<usize> {
    // SAFETY: a capsule named "arrow_schema" holds an ArrowSchema for as long as it lives, and whoever passed it to us
    // holds the GIL and the capsule.
    unsafe { schema.cast::<Schema>().as_ref() }.fields()
}

/// No more than fit: nothing in memory is longer.
#[expect(clippy::cast_possible_wrap)]
fn count(length: usize) -> i64 {
    length as i64
}

fn boxed<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

fn address<T>(values: &[T]) -> *const c_void {
    values.as_ptr().cast()
}

/// Whoever drops a structure that was not taken over releases it: so a capsule that nobody consumed leaks nothing.
impl Drop for Schema {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: not released yet, and the callback is the one that came with this structure.
            unsafe { release(self) };
        }
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: as for `Schema`.
            unsafe { release(self) };
        }
    }
}

/// # Safety
///
/// `schema` is one of ours that is not released, or a copy of its bits whose original is marked released.
unsafe extern "C" fn release_schema(schema: *mut Schema) {
    // SAFETY: the caller's promise.
    let schema = unsafe { &mut *schema };
    schema.release = None;
    // SAFETY: `private_data` came from `Box::into_raw` in `Schema::new`; it is given back here only, once, as `release`
    // is null from now on.
    let parts = unsafe { Box::from_raw(schema.private_data.cast::<SchemaParts>()) };
    for child in parts.children.iter().copied().chain([parts.dictionary]).filter(|child| !child.is_null()) {
        // SAFETY: from `boxed`, freed here only. Its drop releases it unless it was taken over.
        drop(unsafe { Box::from_raw(child) });
    }
}

/// # Safety
///
/// As for `release_schema`.
unsafe extern "C" fn release_array(array: *mut Array) {
    // SAFETY: the caller's promise.
    let array = unsafe { &mut *array };
    array.release = None;
    // SAFETY: as in `release_schema`.
    let parts = unsafe { Box::from_raw(array.private_data.cast::<ArrayParts>()) };
    for child in parts.children.iter().copied().chain([parts.dictionary]).filter(|child| !child.is_null()) {
        // SAFETY: as in `release_schema`.
        drop(unsafe { Box::from_raw(child) });
    }
}
