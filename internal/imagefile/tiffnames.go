package imagefile

import "fmt"

// Values of Compression, PhotometricInterpretation, SampleFormat, Predictor and
// ExtraSamples.
const (
	compressionNone       = 1
	compressionRLE        = 2
	compressionGroup3     = 3
	compressionGroup4     = 4
	compressionLZW        = 5
	compressionJPEG       = 7
	compressionDeflate    = 8
	compressionPackBits   = 32773
	compressionDeflateOld = 32946
	compressionZSTD       = 50000

	photometricWhiteIsZero = 0
	photometricBlackIsZero = 1
	photometricRGB         = 2
	photometricPalette     = 3
	photometricMask        = 4
	photometricSeparated   = 5
	photometricYCbCr       = 6

	sampleUnsigned  = 1
	sampleSigned    = 2
	sampleFloat     = 3
	sampleUndefined = 4 // taken as unsigned

	predictorNone       = 1
	predictorHorizontal = 2
	predictorFloat      = 3

	extraUnspecified  = 0
	alphaAssociated   = 1
	alphaUnassociated = 2
	alphaCorel        = 999 // what Corel Draw writes for alphaUnassociated
)

// Names of values for errors.
var (
	compressionNames = map[uint64]string{
		6: "old JPEG", 32766: "NeXT", 32771: "CCITT RLE in words", 32809: "ThunderScan", 32908: "Pixar film",
		32909: "Pixar log", 34661: "JBIG", 34676: "SGI log", 34677: "SGI log 24", 34712: "JPEG 2000", 34887: "LERC",
		34925: "LZMA", 50001: "WebP", 50002: "JPEG XL",
	}
	photometricNames = map[uint64]string{
		0: "white is zero", 1: "black is zero", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr", 8: "CIELab",
		9: "ICCLab", 10: "ITULab", 32803: "colour filter array", 32844: "LogL", 32845: "LogLuv", 34892: "linear raw",
	}
	formatNames = map[uint64]string{1: "unsigned integers", 2: "signed integers", 3: "floating point", 5: "complex integers", 6: "complex floating point"}
)

// named is a value with its name where it has one.
func named(v uint64, names map[uint64]string) string {
	if name := names[v]; name != "" {
		return fmt.Sprintf("%d (%s)", v, name)
	}
	return fmt.Sprint(v)
}

// UnsupportedError reports a file that is valid but has a feature that is not read.
type UnsupportedError struct {
	Feature  string
	Expected string // what is read
}

func (e *UnsupportedError) Error() string { return e.Feature + ": expected " + e.Expected }
