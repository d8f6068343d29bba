// Clusters: what a person takes for one character, and a key that moves or erases takes as one.
//
// A letter with its accents, a flag, a family of emoji are one cluster each: several characters of
// Unicode. These are the extended grapheme clusters of UAX #29 as far as people type them in a
// chat. This file must never know about lines, cursors or keys.
#pragma once

#include <cstddef>
#include <string_view>

namespace chatd {

// Returns where the cluster ends that begins at byte `at`; the size of `text` when `at` is there or
// behind. Takes any bytes, in which an ill-formed piece counts as one character.
//
// Other than in UAX #29, a cluster takes in all that a terminal gives no column to, so that a
// cursor between two clusters is between two columns: a space of no width, and a vowel or tail of
// Hangul without a lead, also belong to the character before them.
[[nodiscard]] std::size_t next_cluster(std::string_view text, std::size_t at);

// Returns where the cluster begins that ends at byte `at`, or that has `at` inside: the last
// beginning before `at`; 0 when `at` is 0. `at` is at most the size of `text`.
[[nodiscard]] std::size_t previous_cluster(std::string_view text, std::size_t at);

// Returns the most columns that a terminal gives to a cluster. Terminals do not agree about emoji:
// one adds up the parts, as columns_of() does, another draws one picture. A sign that a variation
// selector makes a picture, and half a flag, may take two columns.
[[nodiscard]] std::size_t cluster_columns(std::string_view cluster);

}  // namespace chatd
