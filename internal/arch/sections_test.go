package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const formatDoc = "docs/FORMAT.md"

var (
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	fence    = regexp.MustCompile("(?ms)^```.*?^```$")
	link     = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	nextLine = regexp.MustCompile(`\s*\n\s*//\s*`) // of a comment
	// aReference is as in (FORMAT.md, "Colour"), or two sections with "and" between them.
	aReference = regexp.MustCompile(`([\w-]+\.md), "([^"]+)"(?: and "([^"]+)")?`)
	// anError is an error of the naive decoder that begins with the title of a section.
	anError = regexp.MustCompile(`(?:Errorf|errors\.New)\("([A-Z][^":%]*): `)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// titlesOf are what sections has found, by the text.
var titlesOf = map[string][]string{}

// sections are the titles of a document, in their order.
func sections(text string) []string {
	if titles, ok := titlesOf[text]; ok {
		return titles
	}
	var titles []string
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		titles = append(titles, m[1])
	}
	titlesOf[text] = titles
	return titles
}

// anchor is what a link to a section has behind #, as GitHub makes it of the title.
func anchor(title string) string {
	return strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

// anchors are the anchors of all sections.
func anchors(text string) (all []string) {
	for _, title := range sections(text) {
		all = append(all, anchor(title))
	}
	return all
}

// files reads the files of the module with one of the extensions, by their paths.
func files(t *testing.T, extensions ...string) map[string]string {
	texts := map[string]string{}
	require.NoError(t, filepath.WalkDir(rootDir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != rootDir:
			return fs.SkipDir
		case d.IsDir() || !slices.Contains(extensions, filepath.Ext(name)):
			return nil
		}
		p, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(rootDir, name)
		texts[filepath.ToSlash(rel)] = string(p)
		return err
	}))
	return texts
}

// deadLinks are the links of a document to files and sections that are not there, docs
// being all documents by their paths, and the number of links within the module.
func deadLinks(name string, docs map[string]string) (found int, dead []string) {
	for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(docs[name], ""), -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		found++
		file, section, deep := strings.Cut(m[1], "#")
		target := name
		if file != "" {
			target = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
		}
		_, err := os.Stat(filepath.Join(rootDir, target))
		if err != nil || deep && !slices.Contains(anchors(docs[target]), section) {
			dead = append(dead, m[1])
		}
	}
	return found, dead
}

// missingSections are the sections of documents that a comment names and that are not
// there, and the number of all.
func missingSections(text string, docs map[string]string) (found int, missing []string) {
	for _, m := range aReference.FindAllStringSubmatch(nextLine.ReplaceAllString(text, " "), -1) {
		for _, title := range m[2:] {
			if title == "" {
				continue
			}
			found++
			if !slices.Contains(sections(docs["docs/"+m[1]]), title) {
				missing = append(missing, m[1]+", "+title)
			}
		}
	}
	return found, missing
}

// TestLinks: what documents link to is there, files and sections.
func TestLinks(t *testing.T) {
	docs, all := files(t, ".md"), 0
	for name := range docs {
		found, dead := deadLinks(name, docs)
		all += found
		assert.Empty(t, dead, "links of %s", name)
	}
	assert.Positive(t, all, "links")
}

// TestSections: the sections that comments name are there, and so are the ones that errors
// of the naive decoder begin with.
func TestSections(t *testing.T) {
	docs, all := files(t, ".md"), 0
	titles := sections(docs[formatDoc])
	for name, text := range files(t, ".go") {
		found, missing := missingSections(text, docs)
		all += found
		assert.Empty(t, missing, "sections that %s names", name)
		if strings.HasPrefix(name, "internal/refdec/") {
			for _, m := range anError.FindAllStringSubmatch(text, -1) {
				assert.Contains(t, titles, m[1], "sections of %s in errors of %s", formatDoc, name)
			}
		}
	}
	assert.Positive(t, all, "sections that comments name")
}

// TestContents: the format's sections have names of their own, and the table of contents
// has all that follow it, in their order.
func TestContents(t *testing.T) {
	text := files(t, ".md")[formatDoc]
	titles := sections(text)
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(anchors(text)))), len(titles), "names of %q", titles)
	_, list, ok := strings.Cut(text, "\n## Contents\n")
	require.True(t, ok)
	list, _, _ = strings.Cut(list, "\n## ")
	var listed []string
	for _, m := range link.FindAllStringSubmatch(list, -1) {
		listed = append(listed, strings.TrimPrefix(m[1], "#"))
	}
	assert.Equal(t, anchors(text)[2:], listed, "behind the title and the table of contents")
}

// TestReferencesBite: a link, a section and a title that are not there are found.
func TestReferencesBite(t *testing.T) {
	docs := map[string]string{"docs/ADDING.md": "# Adding\n\n## plac: parts\n```\n# no section\n```\n" +
		"[a](#plac-parts) [b](../go.mod) [c](https://example.org/#x) [d](#no-section) [e](nothing.md) [f](../README.md#nothing)"}
	found, dead := deadLinks("docs/ADDING.md", docs)
	assert.Equal(t, 5, found)
	assert.Equal(t, []string{"#no-section", "nothing.md", "../README.md#nothing"}, dead)
	found, missing := missingSections("// as (ADDING.md, \"plac:\n// parts\" and \"Adding\"), ADDING.md,\n// \"Colour\"; GONE.md, \"Adding\"", docs)
	assert.Equal(t, 4, found)
	assert.Equal(t, []string{"ADDING.md, Colour", "GONE.md, Adding"}, missing)
}
