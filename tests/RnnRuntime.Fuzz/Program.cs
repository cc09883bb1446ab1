using System.Diagnostics;
using System.Globalization;
using RnnRuntime.Fuzz;

const int MostFailures = 20;

var options = new Dictionary<string, string>(StringComparer.Ordinal)
{
    ["format"] = "all",
    ["count"] = "200000",
    ["seed"] = "1",
    ["minutes"] = "",
    ["only"] = "",
    ["start"] = "0",
    ["save"] = "",
    ["models"] = "",
    ["verbose"] = "",
    ["journal"] = Path.Combine(AppContext.BaseDirectory, "fuzz-current.txt"),
};
for (var i = 0; i < args.Length; i += 2)
{
    if (!args[i].StartsWith("--", StringComparison.Ordinal) || !options.ContainsKey(args[i][2..]) || i + 1 == args.Length)
    {
        Console.Error.WriteLine($"'{args[i]}' is no option with a value. Options: {string.Join(", ", options.Keys.Select(name => $"--{name}"))}.");
        return 2;
    }

    options[args[i][2..]] = args[i + 1];
}

int Number(string name) => int.Parse(options[name], CultureInfo.InvariantCulture);

var models = options["models"].Length > 0 ? options["models"] : null;
var seed = Number("seed");
var until = options["minutes"].Length > 0 ? TimeSpan.FromMinutes(double.Parse(options["minutes"], CultureInfo.InvariantCulture)) : TimeSpan.MaxValue;
var clock = Stopwatch.StartNew();
var watchdog = new Watchdog();
using var journal = new Journal(options["journal"]);
var failures = new HashSet<string>(StringComparer.Ordinal);
foreach (var name in options["format"] == "all" ? FuzzFormat.Names : options["format"].Split(','))
{
    var format = FuzzFormat.Create(name, models);
    using var target = new FuzzTarget();
    foreach (var original in format.Cases)
    {
        watchdog.Begin($"the valid file '{original.Name}' of {name}");
        if (Try(name, $"the valid file '{original.Name}'", () => target.Run(original, new Random(seed))) == FuzzOutcome.Refused && options["verbose"].Length > 0)
        {
            Console.WriteLine($"The file '{original.Name}' is refused as it is: {target.Refusal}");
        }

        watchdog.End();
    }

    var (first, last) = options["only"].Length > 0 ? (Number("only"), Number("only") + 1) : (Number("start"), Number("start") + Number("count"));
    var counts = new int[Enum.GetValues<FuzzOutcome>().Length];
    var started = Stopwatch.GetTimestamp();
    var index = first;
    for (; index < last && clock.Elapsed < until && failures.Count < MostFailures; index++)
    {
        journal.Write(name, seed, index);
        var mutant = format.Mutant(seed, index);
        if (options["save"].Length > 0)
        {
            File.WriteAllBytes(options["save"], mutant.File);
            File.WriteAllText($"{options["save"]}.topology", mutant.Options.Topology ?? "");
        }

        watchdog.Begin($"--format {name} --seed {seed} --only {index}");
        if (Try(name, $"--seed {seed} --only {index} (from '{mutant.Name}')", () => target.Run(mutant, new Random(index))) is { } outcome)
        {
            counts[(int)outcome]++;
        }

        watchdog.End();
    }

    var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
    Console.WriteLine(
        $"{name}: {index - first} mutants of {format.Cases.Length} files in {seconds:F0} s ({(index - first) / seconds:F0}/s): " +
        $"{string.Join(", ", Enum.GetValues<FuzzOutcome>().Select(outcome => $"{counts[(int)outcome]} {outcome.ToString().ToLowerInvariant()}"))}; " +
        $"most allocated {target.MostAllocated >> 10} KB");
}

return failures.Count == 0 ? 0 : 1;

FuzzOutcome? Try(string format, string mutant, Func<FuzzOutcome> run)
{
    try
    {
        return run();
    }
    catch (FuzzFailureException failure)
    {
        // One of each kind: the same place throws for many mutants.
        var cause = failure.InnerException ?? failure;
        var frames = (cause.StackTrace ?? "").Split('\n').Where(line => line.Contains(" RnnRuntime.", StringComparison.Ordinal)).Take(8).Select(line => line.Trim()).ToArray();
        if (failures.Add($"{cause.GetType().Name} {frames.FirstOrDefault()}"))
        {
            Console.WriteLine($"FAIL --format {format} {mutant}: {failure.Message}\n    {string.Join("\n    ", frames)}");
        }

        return null;
    }
}
