// Package hugepages has large slices lie in huge pages, where the system gives such to who asks for them: a page of 4 KiB
// costs an exception when it is touched first, which of 250 MB takes longer than filling them does.
package hugepages

import "unsafe"

// least is how many bytes are worth asking for, which takes less time than four exceptions do. What is made next lies in the same huge page;
// smaller slices may be all that does.
const least = 16 << 10

// Make is make([]T, n).
func Make[T any](n int) []T {
	s := make([]T, n)
	if bytes := uintptr(n) * unsafe.Sizeof(*new(T)); bytes >= least {
		ask(uintptr(unsafe.Pointer(unsafe.SliceData(s))), bytes)
	}
	return s
}

// Sized is a slice of n elements that are whatever was there, in the memory of s where that is enough, or else made.
func Sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return Make[T](n)
	}
	return s[:n]
}
