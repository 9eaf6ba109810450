-- A file of NAME=value lines, in either of two syntaxes. `docker run --env-file` takes all that is behind the = as it is.
-- Docker Compose takes off quotes, comments and blanks, and puts variables in the place of $NAME.

local escapes = { n = "\n", r = "\r", t = "\t", ["$"] = "$", ['"'] = '"', ["\\"] = "\\" }

-- What stands between quotes, from the text behind the first of them, and what follows the last; or nothing where there is
-- none. A backslash protects a quote in either kind.
local function unquote(rest, quote)
  local value, i = {}, 1
  while i <= #rest do
    local letter, after = rest:sub(i, i), rest:sub(i + 1, i + 1)
    if letter == quote then return table.concat(value), rest:sub(i + 1) end
    local stands_for = letter == "\\" and (after == quote and quote or quote == '"' and escapes[after] or after == "\\" and "\\\\")
    value[#value + 1] = stands_for or letter
    i = i + (stands_for and 2 or 1)
  end
end

-- A name and what is behind its =, or the name alone; or nothing.
local function split(line)
  local name, rest = line:match("^([%a_][%w_.-]*)=(.*)$")
  if name then return name, rest end
  return line:match("^([%a_][%w_.-]*)%s*$")
end

local function without_comment(text) return (text:gsub("%s+#.*$", ""):gsub("%s+$", "")) end

local function has_variable(text) return text:find("%$[%a_{$]") ~= nil end

-- Compose's reading of what follows =, with all lines that follow. Answers the value, whether it names another variable,
-- and the lines that are left.
local function read_value(rest, lines)
  local quote = rest:match("^%s*([\"'])")
  if not quote then
    local value = without_comment(rest:gsub("^%s+", "") .. "")
    return value, has_variable(value), lines
  end
  local all = rest:gsub("^%s*.", "") .. "\n" .. lines
  local value, tail = unquote(all, quote)
  local is_whole = value and (tail:find("^[ \t]*\n") or tail:find("^[ \t]+#") or not tail:find("%S"))
  if not is_whole then return nil end
  local own = all:sub(1, #all - #tail):gsub("\\.", "")
  return value, quote == '"' and has_variable(own), tail:match("^[^\n]*\n?(.*)$")
end

local function read_compose(content)
  local variables, bad, number, lines = {}, {}, 0, content
  while lines ~= "" do
    local line, after = lines:match("^([^\n]*)\n?(.*)$")
    number = number + 1
    local name, rest = split((line:gsub("^%s+", ""):gsub("^export%s+", ""):gsub("^([%a_][%w_.-]*)%s+=", "%1=")))
    local value, is_open
    if rest then value, is_open, after = read_value(rest, after) end
    if value then
      variables[#variables + 1] = { name = name, text = value, is_open = is_open }
    elseif name and not rest then
      variables[#variables + 1] = { name = name }
    elseif not line:find("^%s*#") and line:find("%S") then
      bad[#bad + 1] = number
    end
    after = after or lines:match("^[^\n]*\n?(.*)$")
    number = number + select(2, lines:sub(1, #lines - #after):gsub("\n", "")) - 1
    lines = after
  end
  return variables, bad
end

-- Whether Compose would make something else of it.
local function differs(text)
  local value, is_open, rest = read_value(text, "")
  return value ~= text or is_open or rest ~= ""
end

local function read_plain(content)
  local variables, bad, number = {}, {}, 0
  for line in (content .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local bare = line:gsub("^%s+", "")
    local name, rest = split(bare)
    if name then
      variables[#variables + 1] = { name = name, text = rest, differs = rest and differs(rest) }
    elseif bare ~= "" and bare:sub(1, 1) ~= "#" then
      bad[#bad + 1] = number
    end
  end
  return variables, bad
end

-- { { name =, text = or nil where the name stands alone, is_open = it names another variable, differs = the other syntax
-- reads it in another way }, … } and { number of a line that is none, … }.
local function read(content, is_compose)
  local text = content:gsub("^\239\187\191", ""):gsub("\r\n", "\n"):gsub("\r$", "")
  return (is_compose and read_compose or read_plain)(text)
end

-- NAME=value as Compose reads it back.
local function write_compose(name, text)
  if not differs(text) and not text:find("\n") then return name .. "=" .. text end
  if text:find("\\'", 1, true) or text:find("\\$") then return ('%s="%s"'):format(name, (text:gsub('[\\"$]', "\\%0"))) end
  return ("%s='%s'"):format(name, (text:gsub("'", "\\'")))
end

return { read = read, write_compose = write_compose }
