using System.CommandLine;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Running;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Comparing;

/// <summary>What two models are given: arrays, a text or random numbers; one kind of them.</summary>
internal sealed class ComparisonInput
{
    /// <summary>Steps of random input where no number is given.</summary>
    private const int DefaultSteps = 1000;

    /// <summary>Random numbers of a step and input that are made at most; a longer run goes round.</summary>
    private const int MostRandomElements = 1 << 24;

    private readonly Option<string> _text = new("--text")
    {
        Description = "For language models: a text whose characters are the input, UTF-8; '-' reads standard input.",
        HelpName = "FILE",
    };

    private readonly Option<double> _from = new Option<double>("--from")
    {
        Description = "With --text: leave out this share of the characters at the beginning.",
        HelpName = "FRACTION",
        DefaultValueFactory = _ => 0,
    }.Checked(share => share is >= 0 and < 1, "a number of at least 0 and below 1");

    private readonly Option<ulong?> _random = new Option<ulong?>("--random")
    {
        Description = "Random input: standard normal, any index of a table. The same seed gives the same numbers on every machine. Without any input the seed is 1.",
        HelpName = "SEED",
    }.Checked<ulong>(_ => true, "a whole number of at least 0");

    /// <param name="command">The command, which gets these options.</param>
    public ComparisonInput(Command command)
    {
        foreach (var option in (Option[])[Arrays, _text, _from, _random])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            var given = ((Option[])[Arrays, _text, _random]).Where(option => result.GetResult(option) is { Implicit: false }).Select(option => option.Name).ToArray();
            if (given.Length > 1)
            {
                result.AddError($"{string.Join(" and ", given)}: one kind of input is expected");
            }

            if (result.GetResult(_from) is { Implicit: false } && result.GetResult(_text) is null)
            {
                result.AddError("--from belongs to --text, which is not given");
            }
        });
    }

    public Option<string[]> Arrays { get; } = new("--input")
    {
        Description =
            "A NumPy file for an input (.npz: its array of that name): of the input's shape with one more leading axis, the steps; without that axis it is the same at every step.",
        HelpName = "NAME=FILE.npy",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>The arrays of <c>--input</c>, which also bind what an ONNX file leaves open.</summary>
    public List<InputArray> ReadArrays(ParseResult arguments) => InputArray.Read(Given(arguments));

    /// <summary>The files that these options read.</summary>
    public IEnumerable<InputFile> Files(ParseResult arguments) =>
    [
        .. Given(arguments).Select(pair => new InputFile($"--input {pair.Left}=", pair.Right)),
        .. arguments.GetValue(_text) is { } text and not "-" ? [new InputFile("--text ", text)] : Array.Empty<InputFile>(),
    ];

    /// <summary>The input, and what it is in words.</summary>
    /// <param name="arguments">The options.</param>
    /// <param name="source">The model that says what the inputs are.</param>
    /// <param name="arrays">From <see cref="ReadArrays"/>.</param>
    /// <param name="steps">Steps of the run; null where the input decides.</param>
    public (RnnInputs Inputs, string Description) Read(ParseResult arguments, ModelSource source, List<InputArray> arrays, long? steps)
    {
        if (arrays.Count > 0)
        {
            var inputs = FromArrays(source.Model, arrays);
            return (inputs, $"{inputs.Steps} steps of {string.Join(", ", arrays.Select(array => array.Source).Distinct())}{Round(inputs, steps)}");
        }

        if (arguments.GetValue(_text) is { } path)
        {
            var inputs = FromText(source, path, arguments.GetValue(_from));
            return (inputs, $"{inputs.Steps} characters of {path}{Round(inputs, steps)}");
        }

        var given = arguments.GetValue(_random);
        var seed = given ?? 1;
        var elements = Math.Max(1, source.Model.Inputs.Sum(input => (long)input.Shape.ElementCount));
        var random = RnnInputs.Random(source.Model.Graph, (int)Math.Clamp(steps ?? DefaultSteps, 1, Math.Max(1, MostRandomElements / elements)), seed);
        return (random, $"random, seed {seed}{(given is null ? "; no --input, --text or --random was given" : "")}{Round(random, steps)}");
    }

    private static string Round(RnnInputs inputs, long? steps) => steps > inputs.Steps ? $"; after {inputs.Steps} steps it begins again" : "";

    private List<(string Left, string Right)> Given(ParseResult arguments) =>
        Pairs.Parse((arguments.GetValue(Arrays) ?? []).Where(Pairs.IsPair), Arrays.Name);

    /// <summary>The characters of a text from a share of it on, for a language model.</summary>
    public static RnnInputs FromText(ModelSource source, string path, double from)
    {
        var language = new LanguageModel(source);
        var tokens = language.Encode(TextFile.Read(path), path);
        tokens = tokens[(int)(from * tokens.Length)..];
        return tokens.Length >= 2
            ? RnnInputs.FromArrays(source.Model.Graph, new Dictionary<string, float[]>(), new Dictionary<string, int[]> { [source.Model.Inputs[0].Name] = tokens })
            : throw new CliException($"{path}: {tokens.Length} characters to compare over; at least 2 are expected");
    }

    /// <summary>Arrays with an axis of steps; those without one are the same at every step.</summary>
    public static RnnInputs FromArrays(RnnModel model, List<InputArray> arrays)
    {
        var floats = new Dictionary<string, float[]>();
        var integers = new Dictionary<string, int[]>();
        var steps = arrays.Select(array => StepsOf(Find(model, array), array)).Max() ?? 1;
        foreach (var array in arrays)
        {
            var input = Find(model, array);
            var times = StepsOf(input, array) is null ? steps : 1;
            if (input.Type == TensorType.Int32)
            {
                integers.Add(array.Name, Repeat(array.Array.ToInt32(array.Source), times));
            }
            else
            {
                floats.Add(array.Name, Repeat(array.Array.ToFloat32(array.Source), times));
            }
        }

        return RnnInputs.FromArrays(model.Graph, floats, integers);
    }

    private static TensorInfo Find(RnnModel model, InputArray array) => model.Inputs.FirstOrDefault(input => input.Name == array.Name)
        ?? throw new CliException($"the models have no input '{array.Name}'; inputs are {string.Join(", ", model.Inputs.Select(input => $"'{input.Name}'").DefaultIfEmpty("none"))}");

    /// <summary>Null where the array has no axis of steps.</summary>
    private static int? StepsOf(TensorInfo input, InputArray array)
    {
        var shape = array.Array.Shape;
        int? steps = shape.Length == input.Shape.Rank + 1 ? shape[0] : null;
        return steps != 0 && shape.AsSpan(steps is null ? 0 : 1).SequenceEqual(input.Shape.Dimensions.AsSpan())
            ? steps
            : throw new CliException(
                $"{array.Source}: input '{input.Name}' is {Text.Of(input)}; expected an array of that shape or with one more leading axis of steps, found {array.Array.Describe()}");
    }

    private static T[] Repeat<T>(T[] values, int times)
    {
        if ((long)values.Length * times > Array.MaxLength)
        {
            throw new CliException($"an input of {values.Length} values that is the same over {times} steps is too long");
        }

        var repeated = new T[values.Length * times];
        for (var start = 0; start < repeated.Length; start += values.Length)
        {
            values.CopyTo(repeated, start);
        }

        return repeated;
    }
}
