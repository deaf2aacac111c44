package container

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// File is what Write writes.
type File struct {
	Header   Header
	Tables   []byte
	Fronts   [][]byte // of all tiles in raster order
	Bodies   [][]byte // of all tiles in raster order
	Metadata map[Kind][]byte
}

// Write writes a file. A header or a number of segments that no reader would
// accept is an error before anything is written; the limit on the image's size is
// the reader's alone.
func Write(w io.Writer, f *File) error {
	if err := f.validate(); err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 1<<16)
	b.Write(append([]byte(Magic), Version))
	writeChunk(b, typeHead, f.Header.append(nil))
	if len(f.Tables) > 0 {
		writeChunk(b, typeTable, f.Tables)
	}
	writeChunk(b, typeIndex, f.index())
	writeSegments(b, typeFront, f.Fronts)
	for _, kind := range kinds {
		if p := f.Metadata[kind]; len(p) > 0 {
			writeChunk(b, string(kind), p)
		}
	}
	writeSegments(b, typeBody, f.Bodies)
	return b.Flush() // with the first error of all writes before
}

func (f *File) validate() error {
	if err := f.Header.Validate(1<<63 - 1); err != nil {
		return err
	}
	tiles := f.Header.tiles()
	if int64(len(f.Fronts)) != tiles || int64(len(f.Bodies)) != tiles {
		return fmt.Errorf("%d front and %d body segments, expected %d each", len(f.Fronts), len(f.Bodies), tiles)
	}
	size := 0
	for kind, p := range f.Metadata {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("metadata of kind %q, expected one of %q", kind, kinds)
		}
		size += len(p)
	}
	if size > MaxMetadata {
		return fmt.Errorf("metadata of %d bytes, expected at most %d", size, MaxMetadata)
	}
	return nil
}

// index returns the payload of INDX.
func (f *File) index() []byte {
	var p []byte
	for i, front := range f.Fronts {
		body := f.Bodies[i]
		p = binary.AppendUvarint(p, uint64(len(front)))
		p = binary.AppendUvarint(p, uint64(len(body)))
		p = binary.LittleEndian.AppendUint32(p, crc32.Checksum(front, castagnoli))
		p = binary.LittleEndian.AppendUint32(p, crc32.Checksum(body, castagnoli))
	}
	return p
}

func chunkHeader(kind string, size uint64) []byte {
	return binary.AppendUvarint([]byte(kind), size)
}

func writeChunk(b *bufio.Writer, kind string, payload []byte) {
	head := chunkHeader(kind, uint64(len(payload)))
	sum := crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, payload)
	b.Write(head)
	b.Write(payload)
	b.Write(binary.LittleEndian.AppendUint32(nil, sum))
}

func writeSegments(b *bufio.Writer, kind string, segments [][]byte) {
	var size uint64
	for _, s := range segments {
		size += uint64(len(s))
	}
	b.Write(chunkHeader(kind, size))
	for _, s := range segments {
		b.Write(s)
	}
}
