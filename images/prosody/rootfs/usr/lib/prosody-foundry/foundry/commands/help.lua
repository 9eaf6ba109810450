-- help [OPTION…]: shows all commands and options, or everything about some options

local lfs = require("lfs")
local options = require("foundry.options")
local environment = require("foundry.environment")
local reference = require("foundry.reference")
local did_you_mean = require("foundry.nearest")

local commands_folder = "/usr/lib/prosody-foundry/foundry/commands/"

-- The first line of each command's file says what it is.
local function list_commands()
  local lines = {
    { "[prosody]", "runs the server" },
    { "prosodyctl COMMAND …", "runs prosodyctl with the same configuration; COMMAND alone does, too" },
  }
  local own = {}
  for entry in lfs.dir(commands_folder) do
    local file = entry:find("%.lua$") and io.open(commands_folder .. entry)
    local usage, what = (file and file:read() or ""):match("^%-%- ([^:]+): (.*)$")
    if file then file:close() end
    if usage then own[#own + 1] = { usage, what } end
  end
  table.sort(own, function(a, b) return a[1] < b[1] end)
  return table.move(own, 1, #own, #lines + 1, lines)
end

local function show_all()
  print("Commands:\n")
  for _, command in ipairs(list_commands()) do print(("  %s\n      %s"):format(command[1], command[2])) end
  print("\nOptions, from the environment:")
  local group
  for _, option in ipairs(options) do
    if option.group ~= group then print("\n" .. option.group .. "\n") end
    group = option.group
    print(("  %s\n      %s. Default: %s"):format(option.name, option.help, reference.default_text(option) or "none"))
  end
  print("\nMore configuration of Prosody: /etc/prosody/conf.d/*.cfg.lua. Your own modules: /etc/prosody/modules.")
end

local function show_one(option)
  local function line(label, text)
    if text and text ~= "" then print(("  %-9s %s"):format(label, text)) end
  end
  print(option.name)
  line("", option.help)
  line("Default", reference.default_text(option) or "none")
  line("Value", reference.form_text(option))
  line("Example", option.example and option.name .. "=" .. option.example)
  line("Also", table.concat(reference.other_names(option), ", "))
  line("Needs", table.concat(reference.needs_of(option), ", "))
  line("Module", option.module and "mod_" .. option.module)
  line("Sets", table.concat(reference.list_of(option.sets), ", "))
  line("Since", option.since and "Prosody " .. option.since)
end

local function find(name)
  for _, option in ipairs(options) do
    for _, entry in ipairs(environment.names_of(option)) do
      if entry.name == name:upper() or entry.name == "PROSODY_" .. name:upper() then return option end
    end
  end
end

local function show_some(names)
  local code
  for i, name in ipairs(names) do
    local option = find(name)
    if i > 1 and option then print() end
    if option then
      show_one(option)
    else
      io.stderr:write(("%s is no option of this image.%s\n"):format(name, did_you_mean(name:upper(), environment.known_names())))
      code = 78
    end
  end
  return code
end

-- What the files of the repository are made of.
local formats = {
  ["--markdown"] = function() print(require("foundry.markdown")(options)) end,
  ["--json-schema"] = function() print(require("foundry.json")(require("foundry.schema")(options))) end,
  -- Each option with what it takes and what Prosody is told, for programs.
  ["--json"] = function()
    local list = {}
    for i, option in ipairs(options) do
      list[i] = {
        name = option.name, group = option.group, sets = reference.list_of(option.sets), secret = option.secret or false,
        module = option.module, series = option.since, names = reference.other_names(option),
        type = option.type, choices = option.choices, default = reference.default_text(option),
        example = option.example, needs = reference.list_of(option.needs), wants = reference.list_of(option.wants),
        on = option.on,
      }
    end
    print(require("foundry.json")(list))
  end,
}

return function(arguments)
  if #arguments == 0 then return show_all() end
  local show = #arguments == 1 and formats[arguments[1]]
  if show then return show() end
  return show_some(arguments)
end
