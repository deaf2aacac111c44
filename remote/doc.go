// Package remote reads a file on a web server by byte ranges: of a .qtg file a region, a
// level or a thumbnail is a few requests, whatever the size of the file.
//
// [Open] asks for the first bytes of a URL, which tells the size, and gives a [File] for
// [github.com/qtgpu/qtgpu.NewReader]. A Reader asks it for all ranges of a request at
// once. What does not come at the first try is asked for again from the byte on that was
// reached; a file that changes meanwhile is an error, and never a mix of two.
package remote
