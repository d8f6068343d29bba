// The catalogue: every text that a client can see, in every language, in one table
// (catalogue_data.inc). A text may have blanks to be filled in, written {0}, {1}, …
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "text/language.h"

namespace chatd {

enum class Text : std::uint8_t {
    // login, and clients that are turned away
    Prompt,
    WelcomeAlone,
    Welcome,
    WelcomeCrowd,
    Comma,
    NameEmpty,
    NameTooLong,
    NameBadCharacter,
    NameTaken,
    TooManyTries,
    NoNameInTime,
    NotThat,
    RoomFull,
    ServerBusy,
    TooManyOfYours,
    Penalised,
    TooManyLogins,
    // what happens in the room
    Entered,
    Left,
    LeftWithWords,
    LeftBecause,
    ManyEntered,
    ManyLeft,
    ManyLeftBecause,
    LastComma,
    BecauseLost,
    BecauseRemoved,
    BecauseKilled,
    BecauseFailed,
    BecauseExpelled,
    BecauseIdle,
    Says,
    Does,
    TellsYou,
    IsNowCalled,
    YouAreNowCalled,
    OneSkipped,
    Skipped,
    RoomRecovers,
    RoomIsBack,
    // answers to commands
    LineTooLong,
    TooFast,
    NobodyThere,
    NobodyToAnswer,
    NoSuchCommand,
    NoSuchCommandNearest,
    Poison,
    UseMe,
    UseMsg,
    UseReply,
    UseNick,
    UseHistory,
    UseTime,
    UseLang,
    AlreadyCalled,
    TimeOn,
    TimeOff,
    LanguageIs,
    NoHistory,
    WhoOne,
    WhoAll,
    WhoMatching,
    WhoNobody,
    WhoRow,
    WhoMore,
    Seconds,
    Minutes,
    Hours,
    Days,
    Help,
    // the end
    Goodbye,
    ServerCloses,
    OperatorRemoves,
    IdleTooLong,
    WorkerFails,
    kCount,
};

// The text as it stands in the table, with its blanks. Valid for ever.
[[nodiscard]] std::string_view text_of(Text text, Language language);

// Appends the text with its blanks filled in: {0} by the first of `fillings`, and so on. The text
// may leave some out; too few of them end the process. The fillings must be clean, for nobody
// cleans them here.
void append_text(std::string& out, Language language, Text text,
                 std::initializer_list<std::string_view> fillings = {});

}  // namespace chatd
