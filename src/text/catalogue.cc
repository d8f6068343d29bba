#include "text/catalogue.h"

#include <array>
#include <bit>

#include "base/check.h"

namespace chatd {
namespace {

struct Row {
    Text text;
    std::array<std::string_view, kLanguages> in;
};

// clang-format off
constexpr std::array kTexts = {
    Row{Text::Prompt,
        {"Your name: ",
         "请输入用户名："}},
    Row{Text::WelcomeAlone,
        {"Welcome, {0}. You are the only one here. /help lists the commands.",
         "欢迎你，{0}。现在只有你一个人。输入 /help 查看命令。"}},
    Row{Text::Welcome,
        {"Welcome, {0}. {1} people are here: {2}. /help lists the commands.",
         "欢迎你，{0}。现在有 {1} 人：{2}。输入 /help 查看命令。"}},
    Row{Text::WelcomeCrowd,
        {"Welcome, {0}. {1} people are here: {2} and others. /help lists the commands.",
         "欢迎你，{0}。现在有 {1} 人：{2} 等。输入 /help 查看命令。"}},
    Row{Text::Comma,
        {", ",
         "、"}},
    Row{Text::NameEmpty,
        {"A name has at least one letter or digit.",
         "用户名至少要有一个字母、汉字或数字。"}},
    Row{Text::NameTooLong,
        {"That name is too long: 20 characters at most.",
         "用户名太长，最多 20 个字符。"}},
    Row{Text::NameBadCharacter,
        {"A name is made of letters, digits, _ - and . without spaces.",
         "用户名只能用文字、数字和 _ - . ，不能有空格。"}},
    Row{Text::NameTaken,
        {"The name {0} is taken, or looks like one that is.",
         "用户名 {0} 已经有人用了，或者和别人的太像。"}},
    Row{Text::TooManyTries,
        {"Too many tries. Goodbye.",
         "尝试次数太多，再见。"}},
    Row{Text::NoNameInTime,
        {"No name within {0} seconds. Goodbye.",
         "{0} 秒内没有输入用户名，再见。"}},
    Row{Text::NotThat,
        {"This is a chat room for plain text, as nc sends it; {0} is not spoken here. Goodbye.",
         "这里是纯文本聊天室，请用 nc 连接；不支持 {0}，再见。"}},
    Row{Text::RoomFull,
        {"The chat room is full. Please try again later.",
         "聊天室已满，请稍后再来。"}},
    Row{Text::ServerBusy,
        {"The server cannot take more people right now. Please try again later.",
         "服务器暂时无法接待更多人，请稍后再来。"}},
    Row{Text::TooManyOfYours,
        {"{0} people from your address are here, which is the most. Please come when one has left.",
         "你的地址已经有 {0} 人在这里，达到上限，请等有人离开后再来。"}},
    Row{Text::Penalised,
        {"There was trouble with clients from your address. Please come back in {0} seconds.",
         "你的地址刚才出了问题，请 {0} 秒后再来。"}},
    Row{Text::TooManyLogins,
        {"Too many people are at the door right now. Please try again in a few seconds.",
         "门口人太多，请过几秒再试。"}},
    Row{Text::Entered,
        {"{0} entered the chat room",
         "{0} 进入聊天室"}},
    Row{Text::Left,
        {"{0} left the chat room",
         "{0} 退出了聊天室"}},
    Row{Text::LeftWithWords,
        {"{0} left the chat room: {1}",
         "{0} 退出了聊天室： {1}"}},
    Row{Text::LeftBecause,
        {"{0} left the chat room ({1})",
         "{0} 退出了聊天室（{1}）"}},
    Row{Text::ManyEntered,
        {"{0} and {1} others entered the chat room",
         "{0} 等 {2} 人进入聊天室"}},
    Row{Text::ManyLeft,
        {"{0} and {1} others left the chat room",
         "{0} 等 {2} 人退出了聊天室"}},
    Row{Text::ManyLeftBecause,
        {"{0} and {1} others left the chat room ({3})",
         "{0} 等 {2} 人退出了聊天室（{3}）"}},
    Row{Text::LastComma,
        {" and ",
         "、"}},
    Row{Text::BecauseLost,
        {"connection lost",
         "连接中断"}},
    Row{Text::BecauseRemoved,
        {"removed by the operator",
         "被管理员请出"}},
    Row{Text::BecauseKilled,
        {"killed by signal {0}",
         "被信号 {0} 终止"}},
    Row{Text::BecauseFailed,
        {"its process failed with status {0}",
         "进程出错，退出码 {0}"}},
    Row{Text::BecauseExpelled,
        {"its process broke the rules",
         "进程违反协议"}},
    Row{Text::BecauseIdle,
        {"said nothing for a long time",
         "长时间没有说话"}},
    Row{Text::Says,
        {"{0} says: {1}",
         "{0} 说： {1}"}},
    Row{Text::Does,
        {"* {0} {1}",
         "* {0} {1}"}},
    Row{Text::TellsYou,
        {"{0} tells you: {1}",
         "{0} 悄悄对你说： {1}"}},
    Row{Text::IsNowCalled,
        {"{0} is now called {1}",
         "{0} 改名为 {1}"}},
    Row{Text::YouAreNowCalled,
        {"You are now called {0}.",
         "你现在叫 {0}。"}},
    Row{Text::OneSkipped,
        {"… {0} message skipped",
         "… 略过了 {0} 条消息"}},
    Row{Text::Skipped,
        {"… {0} messages skipped",
         "… 略过了 {0} 条消息"}},
    Row{Text::RoomRecovers,
        {"… the room is recovering, please wait; what you said is not lost",
         "… 聊天室正在恢复，请稍候；你说的话不会丢失"}},
    Row{Text::RoomIsBack,
        {"… the room is back",
         "… 聊天室已恢复"}},
    Row{Text::LineTooLong,
        {"That line was too long and was not sent: 4096 bytes at most.",
         "这一行太长，没有发送：最多 4096 字节。"}},
    Row{Text::TooFast,
        {"You are faster than the room: from here on {0} of your lines go out each second.",
         "你发得太快了：从这里起每秒发出 {0} 行。"}},
    Row{Text::NobodyThere,
        {"Nobody here is called {0}.",
         "这里没有叫 {0} 的人。"}},
    Row{Text::NobodyToAnswer,
        {"Nobody has told you anything yet.",
         "还没有人悄悄对你说过话。"}},
    Row{Text::NoSuchCommand,
        {"There is no command {0}. /help lists them; // at the beginning says a line with one /.",
         "没有 {0} 这个命令。输入 /help 查看命令；以 // 开头可以发送以 / 开头的话。"}},
    Row{Text::NoSuchCommandNearest,
        {"There is no command {0}. Did you mean {1}?",
         "没有 {0} 这个命令。你是不是想输入 {1}？"}},
    Row{Text::Poison,
        {"The server stumbled over that and did not do it.",
         "服务器处理这一条时出错，没有执行。"}},
    Row{Text::UseMe,
        {"Say what you do: /me waves",
         "请写上动作，例如：/me 挥挥手"}},
    Row{Text::UseMsg,
        {"Say whom and what: /msg bob hello",
         "请写上名字和内容，例如：/msg bob 你好"}},
    Row{Text::UseReply,
        {"Say what: /r hello",
         "请写上内容，例如：/r 你好"}},
    Row{Text::UseNick,
        {"Say the new name: /nick bob",
         "请写上新名字，例如：/nick bob"}},
    Row{Text::UseHistory,
        {"Say how many, from 1 to 1000: /history 20",
         "请写上条数（1 到 1000），例如：/history 20"}},
    Row{Text::UseTime,
        {"Say on or off: /time on",
         "请写上 on 或 off，例如：/time on"}},
    Row{Text::UseLang,
        {"Say en or zh: /lang zh",
         "请写上 en 或 zh，例如：/lang en"}},
    Row{Text::AlreadyCalled,
        {"You are called {0} already.",
         "你本来就叫 {0}。"}},
    Row{Text::TimeOn,
        {"What happens is now shown with its time.",
         "现在会显示时间。"}},
    Row{Text::TimeOff,
        {"Times are no longer shown.",
         "不再显示时间。"}},
    Row{Text::LanguageIs,
        {"The language is English.",
         "语言已换成中文。"}},
    Row{Text::NoHistory,
        {"Nobody has said anything yet.",
         "还没有人说过话。"}},
    Row{Text::WhoOne,
        {"You are the only one here:",
         "现在只有你一个人："}},
    Row{Text::WhoAll,
        {"{0} people are here:",
         "现在有 {0} 人："}},
    Row{Text::WhoMatching,
        {"Names that begin with {2}, {0} of {1}:",
         "名字以 {2} 开头的，{1} 人中有 {0} 人："}},
    Row{Text::WhoNobody,
        {"Nobody here has a name that begins with {0}.",
         "这里没有名字以 {0} 开头的人。"}},
    Row{Text::WhoRow,
        {"  {0}  pid {1}, since {2}, idle {3}, from {4}",
         "  {0}  进程 {1}，{2} 进入，空闲 {3}，来自 {4}"}},
    Row{Text::WhoMore,
        {"  … and {0} more. /who al shows those whose name begins with al.",
         "  … 还有 {0} 人。输入 /who al 查看名字以 al 开头的人。"}},
    Row{Text::Seconds,
        {"{0} s",
         "{0} 秒"}},
    Row{Text::Minutes,
        {"{0} min",
         "{0} 分钟"}},
    Row{Text::Hours,
        {"{0} h",
         "{0} 小时"}},
    Row{Text::Days,
        {"{0} d",
         "{0} 天"}},
    Row{Text::Help,
        {"What you type goes to everybody here. A line that begins with / is a command:\n"
         "  /who [begins-with]  who is here\n"
         "  /me waves           say what you do\n"
         "  /msg NAME text      tell one person; /r text answers the last who told you\n"
         "  /nick NAME          change your name\n"
         "  /history [N]        the last messages\n"
         "  /time on|off        the time before each line\n"
         "  /lang en|zh         your language\n"
         "  /quit [words]       leave\n"
         "  //text              say a line that begins with one /",
         "直接输入的话会发给所有人。以 / 开头的是命令：\n"
         "  /who [开头]         谁在这里\n"
         "  /me 挥挥手          描述你的动作\n"
         "  /msg 名字 内容      悄悄对一个人说；/r 内容 回复最后对你说话的人\n"
         "  /nick 名字          改名\n"
         "  /history [条数]     最近的消息\n"
         "  /time on|off        每行前面显示或不显示时间\n"
         "  /lang en|zh         你的语言\n"
         "  /quit [留言]        退出\n"
         "  //内容              发送以 / 开头的话"}},
    Row{Text::Goodbye,
        {"Goodbye.",
         "再见。"}},
    Row{Text::ServerCloses,
        {"The server is shutting down. Goodbye.",
         "服务器即将关闭，再见。"}},
    Row{Text::OperatorRemoves,
        {"The operator has closed your connection. Goodbye.",
         "管理员关闭了你的连接，再见。"}},
    Row{Text::IdleTooLong,
        {"You have said nothing for {0} seconds. Goodbye.",
         "你已经 {0} 秒没有说话，再见。"}},
    Row{Text::WorkerFails,
        {"Something went wrong on the server. Please come in again.",
         "服务器出了点问题，请重新进入。"}},
};
// clang-format on

constexpr unsigned blanks_of(std::string_view pattern) {
    unsigned blanks = 0;
    for (std::size_t i = 0; i + 2 < pattern.size(); ++i) {
        if (pattern[i] == '{' && pattern[i + 2] == '}') blanks |= 1U << (pattern[i + 1] - '0');
    }
    return blanks;
}

// A row for every text, in order, no cell empty, as many blanks in every language: which ones may
// differ, for one counts the others and another all.
constexpr bool table_is_whole() {
    if (kTexts.size() != static_cast<std::size_t>(Text::kCount)) return false;
    for (std::size_t i = 0; i < kTexts.size(); ++i) {
        if (kTexts[i].text != static_cast<Text>(i)) return false;
        for (const std::string_view cell : kTexts[i].in) {
            if (cell.empty()) return false;
            if (std::popcount(blanks_of(cell)) != std::popcount(blanks_of(kTexts[i].in[0]))) {
                return false;
            }
        }
    }
    return true;
}
static_assert(table_is_whole());

}  // namespace

std::string_view text_of(Text text, Language language) {
    return kTexts[static_cast<std::size_t>(text)].in[static_cast<std::size_t>(language)];
}

void append_text(std::string& out, Language language, Text text,
                 std::initializer_list<std::string_view> fillings) {
    std::string_view pattern = text_of(text, language);
    for (;;) {
        const std::size_t blank = pattern.find('{');
        out.append(pattern.substr(0, blank));
        if (blank == std::string_view::npos) return;
        const auto number = static_cast<std::size_t>(pattern[blank + 1] - '0');
        CHATD_CHECK(number < fillings.size());
        out.append(fillings.begin()[number]);
        pattern.remove_prefix(blank + 3);
    }
}

}  // namespace chatd
