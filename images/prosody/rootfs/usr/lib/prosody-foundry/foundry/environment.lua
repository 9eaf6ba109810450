-- The environment, read and checked by the table of options.

local options = require("foundry.options")
local parse = require("foundry.parse")
local did_you_mean = require("foundry.nearest")
local foreign = require("foundry.foreign")
local shipped = require("foundry.shipped")
local find_contradictions = require("foundry.contradictions")

-- { name =, and what an alias has } of each name that an option has: its own, then its aliases; those of a secret are
-- followed by the names that its file goes by.
local function names_of(option)
  local names = { { name = option.name } }
  for _, alias in ipairs(option.aliases or {}) do
    local entry = { name = type(alias) == "string" and alias or alias[1] }
    for key, value in pairs(type(alias) == "table" and alias or {}) do entry[key] = value end
    names[#names + 1] = entry
  end
  for i = 1, option.secret and #names or 0 do names[#names + 1] = { name = names[i].name .. "_FILE", is_file = true } end
  return names
end

-- All names, and which option each is of.
local function known_names()
  local names, owners = {}, {}
  for _, option in ipairs(options) do
    for _, entry in ipairs(names_of(option)) do
      names[#names + 1] = entry.name
      owners[entry.name] = option.name
    end
  end
  return names, owners
end

local function read_secret(path)
  local file, reason = io.open(path)
  if not file then return nil, ("cannot be read: %s."):format(reason) end
  local text, failure = file:read("a")
  file:close()
  if not text then return nil, ("cannot be read: %s."):format(failure) end
  text = text:gsub("[\r\n]+$", "")
  if text == "" then return nil, ("names %s, which is empty."):format(path) end
  return text
end

-- Theirs → ours; nil alone where theirs says nothing.
local function parse_as(entry, text, option)
  if entry.values then
    local flag, wrong = parse.boolean(text)
    if flag == nil then return nil, wrong end
    return entry.values[tostring(flag)]
  end
  local value, wrong = parse[entry.type or option.type](text, option, entry.is_file)
  if entry.unit and type(value) == "number" then value = value * entry.unit end
  return value, wrong
end

local function read_one(entry, text, option)
  local wrong
  if entry.is_file then
    text, wrong = read_secret(text)
    if not text then return nil, ("%s %s"):format(entry.name, wrong) end
  end
  local value
  value, wrong = parse_as(entry, text, option)
  if value ~= nil or not wrong then return value end
  return nil, ("%s%s %s"):format(entry.name, option.secret and "" or "=" .. text, wrong)
end

local function is_equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not is_equal(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

-- Kubernetes puts these into every container beside a Service: for one that is called prosody-db, PROSODY_DB_PORT is
-- tcp://10.0.0.1:5432, and so is PROSODY_DB_PORT_5432_TCP. Docker's links do the same, and have a DB_NAME, too.
local function is_link(name, text, getenv)
  local base = name:match("^(.+)_NAME$")
  if base and text:find("^/[^/]+/[^/]+$") then name, text = base .. "_PORT", getenv(base .. "_PORT") or "" end
  local protocol, port = text:match("^(%l+)://[%x.:%[%]]+:(%d+)$")
  if not port or not name:find("_PORT$") then return false end
  return getenv(("%s_%s_%s"):format(name, port, protocol:upper())) == text
end

-- The value, and the name it was set by; or nil and a problem. An empty variable counts as not set.
local function read_option(option, getenv, problems)
  local value, set_by
  for _, entry in ipairs(names_of(option)) do
    local text = getenv(entry.name)
    if text and text ~= "" and not is_link(entry.name, text, getenv) then
      local found, problem = read_one(entry, text, option)
      if problem then
        problems[#problems + 1] = problem
      elseif set_by and entry.narrows then
        value = found and entry.narrows[value] or value
      elseif set_by and found ~= nil and not is_equal(value, found) then
        problems[#problems + 1] = ("%s and %s are both set and differ: leave one out."):format(set_by, entry.name)
      elseif not set_by and found ~= nil then
        value, set_by = found, entry.name
      end
    end
  end
  return value, set_by
end

local function check_series(option, set_by, problems)
  if not set_by or not option.since or shipped.is_since(option.since) then return end
  problems[#problems + 1] = ("%s needs Prosody %s, and this is %s."):format(set_by, option.since, shipped.release)
end

local function keep(list, is_kept)
  local kept = {}
  for _, item in ipairs(list) do
    if is_kept(item) then kept[#kept + 1] = item end
  end
  return kept
end

-- Modules that there are none of count as not named, as all that is wrong counts as not set.
local function leave_out_unknown(values)
  local function is_known(name) return shipped.has_module(name, values.PROSODY_PLUGIN_PATHS) end
  for _, option in ipairs(options) do
    local is_list = option.type == "modules" and values[option.name]
    if is_list then values[option.name] = keep(values[option.name], is_known) end
  end
  if not is_known("auth_" .. values.PROSODY_AUTHENTICATION) then values.PROSODY_AUTHENTICATION = "internal_hashed" end
  values.PROSODY_COMPONENTS = keep(values.PROSODY_COMPONENTS, function(component) return is_known(component.type) end)
end

-- Values by canonical name, defaults filled in; a list of problems, one sentence each; the name each value was set by; and
-- the set of options in doubt, because what was given for them is wrong. `mistyped` are those that somebody may have meant.
-- Reads the environment only through `getenv`, and the files of secrets.
local function read(getenv, mistyped)
  local values, problems, set_by, doubted = {}, {}, {}, {}
  for _, option in ipairs(options) do
    local before = #problems
    local value, name = read_option(option, getenv, problems)
    check_series(option, name, problems)
    set_by[option.name] = name
    doubted[option.name] = #problems > before or not name and mistyped and mistyped[option.name] or nil
    if value == nil then value = option.default end
    values[option.name] = value
  end
  for _, problem in ipairs(find_contradictions(values, set_by, doubted)) do problems[#problems + 1] = problem end
  leave_out_unknown(values)
  return values, problems, set_by, doubted
end

-- All variables of this process.
local function read_all()
  local variables = {}
  local file = io.open("/proc/self/environ")
  if not file then return variables end
  for name, text in file:read("a"):gmatch("([^=%z]+)=(%Z*)") do variables[name] = text end
  file:close()
  return variables
end

-- Kubernetes and Docker links put these into every container beside a service that is called prosody.
local function is_service_link(name, text)
  return name:find("SERVICE_HOST$") or name:find("SERVICE_PORT") or name:find("PORT_%d+_%u%u%u")
    or (name:find("_PORT$") and text:find("^%a+://"))
end

-- A problem for each variable called PROSODY_… that nothing reads, and the set of options that they may be meant for.
local function find_unknown(environment)
  local names, owners = known_names()
  local problems, mistyped = {}, {}
  for name, text in pairs(environment) do
    if name:find("^PROSODY_") and not owners[name] and not is_service_link(name, text) then
      local instead, option = foreign.instead_of(name)
      local question, nearest = did_you_mean(name, names)
      problems[#problems + 1] = ("%s is no option of this image%s"):format(name, instead and ": " .. instead or "." .. question)
      option = option or not instead and owners[nearest]
      if option then mistyped[option] = true end
    end
  end
  table.sort(problems)
  return problems, mistyped
end

-- As `read`, with what is wrong with the names of `variables`.
local function check(getenv, variables)
  local unknown, mistyped = find_unknown(variables)
  local values, problems, set_by, doubted = read(getenv, mistyped)
  return values, table.move(unknown, 1, #unknown, #problems + 1, problems), set_by, doubted
end

return {
  read = read, read_all = read_all, check = check, parse_as = parse_as, find_unknown = find_unknown, names_of = names_of,
  known_names = known_names, is_equal = is_equal,
}
