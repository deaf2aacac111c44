package hugepages

import "syscall"

// size is how large a huge page is on most machines; on others the advice is worth less.
const size = 2 << 20

// ask asks for huge pages wherever the bytes from an address on lie. What else lies in the first and the last one gets them
// too. Where there are none nothing happens, and no error tells of anything that matters.
func ask(at, bytes uintptr) {
	from := at &^ (size - 1)
	to := (at + bytes + size - 1) &^ (size - 1)
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_HUGEPAGE)
}
