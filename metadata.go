package qtgpu

import (
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// Metadata is carried unchanged, but for statistics of samples that change; nil where absent.
type Metadata struct {
	ICC  []byte // a colour profile
	EXIF []byte // a bare TIFF structure
	XMP  []byte // an XMP packet
	IPTC []byte // IPTC-IIM records
	PNG  []byte // whole chunks of PNG: colour signalling, density, text
	// TIFF is a bare little-endian TIFF directory, places counting from its first byte:
	// georeference, GDAL's metadata and what else the tags of a TIFF file say.
	TIFF []byte
}

// metadataOf is what an image of this module carries.
func metadataOf(m *imagefile.Meta) Metadata {
	return Metadata{ICC: m.ICC, EXIF: m.EXIF, XMP: m.XMP, IPTC: m.IPTC, PNG: m.PNG}
}

func (m *Metadata) empty() bool {
	return m.ICC == nil && m.EXIF == nil && m.XMP == nil && m.IPTC == nil && m.PNG == nil && m.TIFF == nil
}

// withoutStatistics is the metadata but for statistics of samples. A directory of TIFF that is damaged is
// carried as any other.
func (m *Metadata) withoutStatistics() *Metadata {
	tags, err := imagefile.ParseTags(m.TIFF)
	if err != nil {
		return m
	}
	kept, n := tags.WithoutStatistics()
	if n == 0 {
		return m
	}
	left := *m
	left.TIFF = nil
	if len(kept) > 0 {
		left.TIFF, _ = kept.AppendBinary(nil) // of an even length
	}
	return &left
}

// metadataChunk is where metadata of a kind is kept.
type metadataChunk struct {
	kind container.Kind
	data *[]byte
}

func metadataChunks(m *Metadata) []metadataChunk {
	return []metadataChunk{
		{container.ICC, &m.ICC}, {container.EXIF, &m.EXIF}, {container.XMP, &m.XMP},
		{container.IPTC, &m.IPTC}, {container.PNG, &m.PNG}, {container.TIFF, &m.TIFF},
	}
}

// chunks are the metadata as a file holds them.
func (m *Metadata) chunks() container.Metadata {
	chunks := container.Metadata{}
	for _, c := range metadataChunks(m) {
		if len(*c.data) > 0 {
			chunks[c.kind] = *c.data
		}
	}
	return chunks
}
