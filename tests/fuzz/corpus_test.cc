// Regression tests: what the fuzzers came up with, and its neighbourhood. The targets abort when
// anything is wrong; see fuzz/targets.h.

#include <criterion/criterion.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"
#include "fuzz/targets.h"
#include "support/expect.h"
#include "support/file.h"

using chatd::fuzz::kTargets;
using chatd::fuzz::Target;

TestSuite(fuzz, .timeout = 60);

namespace {

using Corpus = std::vector<std::string>;

Corpus corpus_of(std::string_view target) {
    const char* const directory = std::getenv("CORPUS");
    ASSERT_TRUE(directory != nullptr);
    Corpus corpus;
    for (const auto& file :
         std::filesystem::directory_iterator(std::filesystem::path(directory) / target)) {
        corpus.push_back(chatd::test::contents(file.path()));
    }
    ASSERT_FALSE(corpus.empty());
    return corpus;
}

void run_corpus(std::string_view name) {
    const Corpus corpus = corpus_of(name);
    for (const Target& target : kTargets) {
        if (target.name != name) continue;
        for (const std::string& input : corpus) target.run(input);
        return;
    }
    ASSERT_EQ(name, "the name of a target");
}

// Every input that is one byte off, or cut, of inputs so short that there are not too many.
void run_neighbours(const Target& target) {
    constexpr std::size_t kBytesMax = 48;
    constexpr std::size_t kRunsMax = chatd::kSanitized ? 500 : 1500;
    target.run({});
    std::size_t runs = 0;
    for (const std::string& input : corpus_of(target.name)) {
        if (input.size() > kBytesMax) continue;
        for (std::size_t at = 0; at < input.size() && runs < kRunsMax; ++at, runs += 3) {
            target.run(std::string_view(input).substr(0, at));
            std::string flipped = input;
            flipped[at] = static_cast<char>(flipped[at] ^ 1);
            target.run(flipped);
            flipped[at] = '\xFF';
            target.run(flipped);
        }
    }
    EXPECT_GT(runs, 0);
}

}  // namespace

Test(fuzz, the_corpus_of_a_client_holds) {
    run_corpus("client");
}

Test(fuzz, the_corpus_of_frames_holds) {
    run_corpus("frames");
}

Test(fuzz, the_corpus_of_histories_holds) {
    run_corpus("history");
}

Test(fuzz, the_corpus_of_http_holds) {
    run_corpus("http");
}

Test(fuzz, the_corpus_of_json_holds) {
    run_corpus("json");
}

Test(fuzz, the_corpus_of_keys_holds) {
    run_corpus("keys");
}

Test(fuzz, the_corpus_of_telnet_holds) {
    run_corpus("telnet");
}

Test(fuzz, the_corpus_of_text_holds) {
    run_corpus("text");
}

Test(fuzz, the_corpus_of_websocket_holds) {
    run_corpus("websocket");
}

Test(fuzz, what_is_near_the_corpus_holds) {
    for (const Target& target : kTargets) run_neighbours(target);
}
