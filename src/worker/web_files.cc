#include "worker/web_files.h"

#include <cstdint>

// The assembler puts the files here, and how many bytes each has. It looks for them below the
// directory in which make runs; the Makefile knows that this object depends on them. `.hidden`:
// the names are for this program alone, also when it is position independent.
asm(R"(
    .pushsection .rodata
    .macro chatd_embed name, path
    .global \name, \name\()_bytes
    .hidden \name, \name\()_bytes
    .balign 8
\name\()_bytes:
    .quad \name\()_end - \name
\name:
    .incbin "\path"
\name\()_end:
    .endm
    chatd_embed chatd_index_html, "src/web/index.html"
    chatd_embed chatd_chat_js, "src/web/chat.js"
    chatd_embed chatd_chat_css, "src/web/chat.css"
    .purgem chatd_embed
    .popsection
)");

extern "C" {
extern const char chatd_index_html[];
extern const char chatd_chat_js[];
extern const char chatd_chat_css[];
extern const std::uint64_t chatd_index_html_bytes;
extern const std::uint64_t chatd_chat_js_bytes;
extern const std::uint64_t chatd_chat_css_bytes;
}

namespace chatd {

std::string_view index_html() {
    return {chatd_index_html, chatd_index_html_bytes};
}

std::string_view chat_js() {
    return {chatd_chat_js, chatd_chat_js_bytes};
}

std::string_view chat_css() {
    return {chatd_chat_css, chatd_chat_css_bytes};
}

}  // namespace chatd
