using System.CommandLine;
using RnnRuntime.Cli.Comparing;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Commands;

internal static class CompareCommand
{
    private static readonly Option<long?> Steps = new Option<long?>("--steps")
    {
        Description = "Steps of the run, states carried; a shorter input goes round. Without it: as many as the input has, 1000 of random input.",
        HelpName = "N",
    }.Checked<long>(steps => steps > 0, "a whole number, at least 1,");

    private static readonly Option<int> SensitivitySteps = new Option<int>("--sensitivity-steps")
    {
        Description = "Steps over which the cost of each node and gate is measured; 0 leaves it out.",
        HelpName = "N",
        DefaultValueFactory = _ => 256,
    }.Checked(steps => steps >= 0, "a whole number of at least 0");

    private static readonly Option<float> Threshold = new Option<float>("--threshold")
    {
        Description = "An output of one element decides yes where it is at least this.",
        HelpName = "T",
        DefaultValueFactory = _ => 0.5f,
    }.Checked(float.IsFinite, "a finite number");

    private static readonly Option<int> Top = new Option<int>("--top")
    {
        Description = "Rows of the tables of nodes, gates and values; a report has all.",
        HelpName = "N",
        DefaultValueFactory = _ => ComparisonTables.Top,
    }.Checked(rows => rows > 0, "a whole number, at least 1,");

    private static readonly Option<string?> Report = new("--report")
    {
        Description = "Where a report goes: .html a page with tables and plots, .png the plots, .json all numbers.",
        HelpName = "FILE",
    };

    private static readonly Option<string?> Kernel = ModelSource.KernelOption();

    private static readonly Option<bool> AsJson = new("--json") { Description = "Write JSON." };

    public static Command Create()
    {
        var command = new Command("compare", "Shows where model B loses accuracy against model A: both in lock step over the same input.")
        {
            Steps, SensitivitySteps, Threshold, Top, Report, Kernel, AsJson,
        };
        var input = new ComparisonInput(command);
        var source = new SourceOptions(command);
        var models = new ModelPair(
            command, $"A is what B is held to, such as a float32 model and its int8 one: {ModelSource.Formats}.", [input.Arrays, .. source.OfPairs]);
        command.SetAction(arguments => Run(arguments, models, input, source));
        return command;
    }

    private static int Run(ParseResult arguments, ModelPair models, ComparisonInput input, SourceOptions options)
    {
        var report = arguments.GetValue(Report) is { } path ? new ComparisonReport(path) : null;
        var (first, second) = models.Paths(arguments);
        report?.CheckIsNone([new InputFile("model ", first), new InputFile("model ", second), .. options.Files(arguments), .. input.Files(arguments)]);
        var arrays = input.ReadArrays(arguments);
        var sources = models.Load(arguments, options.Read(arguments), arguments.GetValue(Kernel), arrays);
        using var reference = sources.First;
        using var candidate = sources.Second;
        var (inputs, description) = input.Read(arguments, reference, arrays, arguments.GetValue(Steps));
        var heading = new ComparisonHeading(Describe(reference), Describe(candidate), description, reference.Model.Kernel);
        var comparison = Compare(arguments, reference, candidate, inputs);

        report?.Write(comparison, heading);
        if (arguments.GetValue(AsJson))
        {
            Json.Write(writer => ComparisonJson.Write(writer, comparison, heading));
        }
        else
        {
            ComparisonText.Print(comparison, heading, arguments.GetValue(Top));
        }

        return 0;
    }

    private static RnnComparison Compare(ParseResult arguments, ModelSource reference, ModelSource candidate, RnnInputs inputs)
    {
        using var progress = new Progress("compare", 1000);
        return RnnComparer.Compare(reference.Model.Graph, candidate.Model.Graph, inputs, new RnnComparisonOptions
        {
            Steps = arguments.GetValue(Steps),
            SensitivitySteps = arguments.GetValue(SensitivitySteps),
            Threshold = arguments.GetValue(Threshold),
            Kernel = arguments.GetValue(Kernel),
            Progress = progress,
        });
    }

    private static string Describe(ModelSource source) => $"{source.Name} ({Text.Bytes(source.Bytes)})";
}
