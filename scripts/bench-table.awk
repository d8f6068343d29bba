# A benchmark's figures as tables in Markdown: chatd beside its limit, then all medians.
# Input: contender, clients, figure, value, once for each round.

function sorted(list, values,    n, i, j, value) {
    n = split(list, values, " ")
    for (i = 2; i <= n; ++i) {
        value = values[i] + 0
        for (j = i - 1; j > 0 && values[j] + 0 > value; --j) values[j + 1] = values[j]
        values[j + 1] = value
    }
    return n
}

function median(list,    values, n) {
    n = sorted(list, values)
    return n % 2 ? values[(n + 1) / 2] + 0 : (values[n / 2] + values[n / 2 + 1]) / 2
}

# "4.52M", "812", "0.83".
function short(value) {
    if (value >= 999500) return sprintf("%.2fM", value / 1e6)
    if (value >= 9995) return sprintf("%.0fk", value / 1e3)
    if (value >= 99.95) return sprintf("%.0f", value)
    return sprintf("%.3g", value)
}

# "4.52M (4.31M–4.60M)"; without the spread when there was one round.
function with_spread(list,    values, n) {
    n = sorted(list, values)
    return short(median(list)) (n > 1 ? " (" short(values[1]) "–" short(values[n]) ")" : "")
}

# The values of two contenders, divided round by round: what slows a whole round does not count.
function ratios(list, by,    values, others, n, m, i, quotients) {
    n = split(list, values, " ")
    m = split(by, others, " ")
    for (i = 1; i <= n && i <= m; ++i) {
        if (others[i] > 0) quotients = quotients " " values[i] / others[i]
    }
    return quotients
}

# The values of all rounds; "" when there are none. (To read found[] would make an entry.)
function values_of(contender, clients, figure) {
    return (contender, clients, figure) in found ? found[contender, clients, figure] : ""
}

function ratio(contender, other, clients, figure,    quotients) {
    quotients = ratios(values_of(contender, clients, figure), values_of(other, clients, figure))
    return quotients == "" ? "" : sprintf("%.2f", median(quotients))
}

function is_compared(figure) {
    return figure ~ /deliveries-per-s$|^last-client|^logins-.*-per-s$|^login-alone/ ||
        figure ~ /^memory-kib$|cpu-[nu]s$/
}

function cell(contender, clients, figure,    text, part) {
    if (!((contender, clients, figure) in found)) return "–"
    text = with_spread(found[contender, clients, figure])
    if (contender == "relay" || !is_compared(figure)) return text
    part = ratio(contender, "relay", clients, figure)
    return part == "" ? text : text ", " part "x"
}

# The IRC server that delivers most to so many clients; "" when none was measured.
function best_irc(clients,    i, best) {
    for (i = 1; i <= contender_count; ++i) {
        if (contenders[i] !~ /ircd/ || !((contenders[i], clients, kDeliveries) in found)) continue
        if (best == "" || median(found[contenders[i], clients, kDeliveries]) > \
            median(found[best, clients, kDeliveries])) best = contenders[i]
    }
    return best
}

function value_or_dash(text) { return text == "" ? "–" : text }

# How much more memory than relay's, in KiB.
function memory_beyond(clients,    ours, others) {
    ours = values_of("chatd", clients, "memory-kib")
    others = values_of("relay", clients, "memory-kib")
    return ours == "" || others == "" ? "–" : sprintf("%+.0f KiB", median(ours) - median(others))
}

function print_summary(    c, size, irc, bound) {
    print "chatd against relay (its shape with nothing in it), round by round; medians.\n"
    print "| clients | deliveries/s | last client has one line, ms | logins/s, all at once | " \
        "logins/s, 32 at a time | memory of an idle client | " \
        "deliveries/s against the best IRC server | bound by the broker, deliveries/s |"
    print "|---|---|---|---|---|---|---|---|"
    for (c = 1; c <= clients_count; ++c) {
        size = clients[c]
        irc = best_irc(size)
        bound = values_of("chatd", size, kBound)
        if (bound != "") bound = short(median(bound))
        print "| " size \
            " | " value_or_dash(ratio("chatd", "relay", size, kDeliveries)) \
            " | " value_or_dash(ratio("chatd", "relay", size, "last-client-ms")) \
            " | " value_or_dash(ratio("chatd", "relay", size, "logins-all-at-once-per-s")) \
            " | " value_or_dash(ratio("chatd", "relay", size, "logins-32-per-s")) \
            " | " memory_beyond(size) \
            " | " (irc == "" ? "–" : ratio("chatd", irc, size, kDeliveries) " (" irc ")") \
            " | " value_or_dash(bound) " |"
    }
    print ""
}

function print_figures(    c, f, i, header, line, row, failed, is_empty) {
    print "Medians of all rounds (smallest–largest), and how many times relay's figure that is.\n"
    for (c = 1; c <= clients_count; ++c) {
        header = "| " clients[c] " clients |"
        line = "|---|"
        for (i = 1; i <= contender_count; ++i) {
            failed = (contenders[i], clients[c], "failed") in found
            header = header " " contenders[i] (failed ? " (did not finish)" : "") " |"
            line = line "---|"
        }
        print header "\n" line
        for (f = 1; f <= figure_count; ++f) {
            row = "| " figures[f] " |"
            is_empty = 1
            for (i = 1; i <= contender_count; ++i) {
                row = row " " cell(contenders[i], clients[c], figures[f]) " |"
                if ((contenders[i], clients[c], figures[f]) in found) is_empty = 0
            }
            if (!is_empty) print row
        }
        print ""
    }
}

# What else ran while deliveries were counted. Such figures say more about that than about servers.
function print_noise(    i, c, key, values, n, worst) {
    for (i = 1; i <= contender_count; ++i) {
        for (c = 1; c <= clients_count; ++c) {
            key = contenders[i] SUBSEP clients[c] SUBSEP kOthers
            if (!(key in found)) continue
            n = sorted(found[key], values)
            if (values[n] + 0 > worst) worst = values[n] + 0
        }
    }
    printf "Others took up to %.0f %% of the processors while deliveries were counted%s.\n", \
        worst, \
        (worst > 10 ? ": **too noisy, do not quote these figures**" : "")
}

BEGIN {
    kDeliveries = "deliveries-per-s"
    kBound = "broker-bound-per-s"
    kOthers = "others-cpu-percent"
}

!(($1, $2, $3) in found) {
    if (!($1 in known_contender)) contenders[++contender_count] = $1
    if (!($2 in known_clients)) clients[++clients_count] = $2
    if (!($3 in known_figure) && $3 != "failed") figures[++figure_count] = $3
    known_contender[$1] = known_clients[$2] = known_figure[$3] = 1
}
{ found[$1, $2, $3] = found[$1, $2, $3] " " $4 }

END {
    print_summary()
    print_figures()
    print_noise()
}
