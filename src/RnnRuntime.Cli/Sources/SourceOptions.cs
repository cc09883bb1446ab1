using System.Collections.Immutable;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Npy;
using RnnRuntime.Cli.Running;
using RnnRuntime.Import;

namespace RnnRuntime.Cli.Sources;

/// <summary>What a model file of another tool does not say: the options of every command that takes a model.</summary>
internal sealed class SourceOptions
{
    private const int TextLimit = 256 << 20;

    private readonly Option<string?> _topology = new("--topology")
    {
        Description = "What a file that holds weights only is made of, as JSON.",
        HelpName = "FILE.json",
    };

    private readonly Option<string[]> _fix = new("--fix")
    {
        Description = "ONNX: the extent of a symbolic dimension ('INPUT[AXIS]' for one without a name), or the value of an integer input, which then is a constant.",
        HelpName = "DIM=N",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<bool> _noFindStates = new("--no-find-states")
    {
        Description = "ONNX: only the pairs of --state are states. Without it inputs and outputs whose names and shapes tell are paired, such as h0 and hn.",
    };

    private readonly Option<string[]> _constant = new("--constant")
    {
        Description = "ONNX: the value of a whole input, which then is a constant.",
        HelpName = "NAME=FILE.npy",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string?> _vocabulary = new("--vocab")
    {
        Description = "The characters of a language model's tokens as JSON: a text or a list, in the order of the ids.",
        HelpName = "FILE.json",
    };

    private readonly Option<long?> _maximumBytes = new Option<long?>("--max-bytes")
    {
        Description = "Bytes that the model file may have, and that its tensors may take in memory.",
        HelpName = "N",
    }.Checked<long>(bytes => bytes > 0, "a whole number, at least 1,");

    private readonly Option<int?> _maximumNodes = new Option<int?>("--max-nodes")
    {
        Description = "Nodes or layers that the model file may have.",
        HelpName = "N",
    }.Checked<int>(nodes => nodes > 0, "a whole number, at least 1,");

    /// <param name="command">The command, which gets these options.</param>
    /// <param name="stateDescription">For the help, where <c>--state</c> does more.</param>
    public SourceOptions(
        Command command, string stateDescription = "ONNX: this output replaces that input after every step, which then is a state.")
    {
        State = new Option<string[]>("--state") { Description = stateDescription, HelpName = "OUT=IN", AllowMultipleArgumentsPerToken = true };
        foreach (var option in (Option[])[_topology, _fix, State, _noFindStates, _constant, _vocabulary, _maximumBytes, _maximumNodes])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(CheckNumbers);
    }

    public Option<string[]> State { get; }

    /// <summary>The options whose values are pairs.</summary>
    public Option<string[]>[] OfPairs => [_fix, State, _constant];

    public RnnImportOptions Read(ParseResult arguments)
    {
        var limits = new RnnImportLimits();
        if (arguments.GetValue(_maximumBytes) is { } bytes)
        {
            limits = limits with { MaximumFileBytes = bytes, MaximumTensorBytes = bytes };
        }

        if (arguments.GetValue(_maximumNodes) is { } nodes)
        {
            limits = limits with { MaximumNodes = nodes };
        }

        var constants = Parse(arguments, _constant).Select(pair => (Name: pair.Left, Array: NpyFile.Read(pair.Right, $"--constant {pair.Left}=", pair.Left), Path: pair.Right)).ToList();
        return new RnnImportOptions
        {
            Fix = Parse(arguments, _fix).ToImmutableDictionary(pair => pair.Left, pair => long.Parse(pair.Right, CultureInfo.InvariantCulture)),
            States = Parse(arguments, State).ToImmutableDictionary(pair => pair.Left, pair => pair.Right),
            FindStates = !arguments.GetValue(_noFindStates),
            Constants = constants.ToImmutableDictionary(constant => constant.Name, constant => constant.Array.ToFloat64(constant.Path).ToImmutableArray()),
            InputShapes = constants.ToImmutableDictionary(constant => constant.Name, constant => constant.Array.Shape.ToImmutableArray()),
            Topology = ReadText(arguments, _topology, "a topology file"),
            Vocabulary = ReadText(arguments, _vocabulary, "a vocabulary file"),
            Limits = limits,
        };
    }

    /// <summary>The files that these options read.</summary>
    public InputFile[] Files(ParseResult arguments) =>
    [
        .. ((Option<string?>[])[_topology, _vocabulary]).Where(option => arguments.GetValue(option) is not null)
            .Select(option => new InputFile($"{option.Name} ", arguments.GetValue(option)!)),
        .. Parse(arguments, _constant).Select(pair => new InputFile($"--constant {pair.Left}=", pair.Right)),
    ];

    private void CheckNumbers(CommandResult result)
    {
        foreach (var value in (result.GetValue(_fix) ?? []).Where(Pairs.IsPair))
        {
            var number = value[(value.IndexOf('=') + 1)..];
            if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            {
                result.AddError($"--fix {value}: a whole number is expected; found '{number}'");
                return;
            }
        }
    }

    private static List<(string Left, string Right)> Parse(ParseResult arguments, Option<string[]> option) =>
        Pairs.Parse((arguments.GetValue(option) ?? []).Where(Pairs.IsPair), option.Name);

    private static string? ReadText(ParseResult arguments, Option<string?> option, string expected)
    {
        if (arguments.GetValue(option) is not { } path)
        {
            return null;
        }

        var file = new InputFile($"{option.Name} ", path);
        file.Check(expected);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(file.ReadAll(TextLimit));
        }
        catch (DecoderFallbackException exception)
        {
            throw file.Error($"not UTF-8 text: byte 0x{exception.BytesUnknown?.FirstOrDefault():X2} at byte offset {exception.Index}");
        }
    }
}
