using System.CommandLine;
using System.Diagnostics;
using RnnRuntime.Cli.Files;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Commands;

internal static class EvaluateCommand
{
    private const int Chunk = 16;

    private static readonly Option<string> TextPath = new("--text")
    {
        Description = "The text, UTF-8; '-' reads standard input.",
        HelpName = "FILE",
        Required = true,
    };

    private static readonly Option<double> From = new Option<double>("--from")
    {
        Description = "Leave out this share of the characters at the beginning: 0.9 takes the last tenth.",
        HelpName = "FRACTION",
        DefaultValueFactory = _ => 0,
    }.Checked(share => share is >= 0 and < 1, "a number of at least 0 and below 1");

    private static readonly Option<string?> Kernel = ModelSource.KernelOption();

    private static readonly Option<bool> AsJson = new("--json") { Description = "Write JSON." };

    public static Command Create()
    {
        var command = new Command(
            "evaluate",
            "Cross-entropy of a language model over a text: natural logarithm, state carried over the whole text, the first character is input only.")
        {
            TextPath, From, Kernel, AsJson,
        };
        var source = new SourceOptions(command);
        var model = new ModelArgument(
            command, "MODEL", $"A character language model: {ModelSource.Formats}; without it the one inside this program.", false, source.OfPairs);
        command.SetAction(arguments => Run(arguments, model.Path(arguments), source));
        return command;
    }

    private static int Run(ParseResult arguments, string? model, SourceOptions options)
    {
        using var source = ModelSource.Load(model, options.Read(arguments), arguments.GetValue(Kernel));
        var language = new LanguageModel(source);
        var path = arguments.GetValue(TextPath)!;
        var tokens = language.Encode(TextFile.Read(path), path);
        var begin = (int)(arguments.GetValue(From) * tokens.Length);
        if (tokens.Length - begin < 2)
        {
            throw new CliException($"{path}: {tokens.Length - begin} characters to evaluate; at least 2 are expected");
        }

        using var session = source.Model.CreateSession(1, Chunk);
        var began = Stopwatch.GetTimestamp();
        var nats = CrossEntropy(language, session, tokens.AsSpan(begin));
        var predicted = tokens.Length - begin - 1;
        var rate = predicted / Stopwatch.GetElapsedTime(began).TotalSeconds;
        var bits = nats / Math.Log(2);
        if (arguments.GetValue(AsJson))
        {
            Json.Write(writer =>
            {
                writer.WriteString("model", source.Name);
                writer.WriteString("text", path);
                writer.WriteString("kernel", source.Model.Kernel);
                writer.WriteNumber("firstCharacter", begin);
                writer.WriteNumber("charactersPredicted", predicted);
                writer.WriteNumber("natsPerCharacter", nats);
                writer.WriteNumber("bitsPerCharacter", bits);
                writer.WriteNumber("charactersPerSecond", rate);
            });
            return 0;
        }

        Console.Out.WriteLine($"{Text.Number(nats, "0.0000")} nats a character");
        Console.Out.WriteLine($"{Text.Number(bits, "0.0000")} bits a character");
        Console.Out.WriteLine($"{predicted} characters predicted, {Text.Number(rate, "0")} characters a second, kernel {source.Model.Kernel}");
        return 0;
    }

    /// <summary>Mean of -ln p(next token).</summary>
    private static double CrossEntropy(LanguageModel language, RnnSession session, ReadOnlySpan<int> tokens)
    {
        var vocabularySize = language.Characters.Length;
        var logits = new float[Chunk * vocabularySize];
        using var progress = new Progress("evaluate", tokens.Length - 1);
        var sum = 0.0;
        for (var done = 0; done < tokens.Length - 1;)
        {
            var steps = Math.Min(Chunk, tokens.Length - 1 - done);
            language.Run(session, tokens.Slice(done, steps), logits.AsSpan(0, steps * vocabularySize));
            for (var t = 0; t < steps; t++)
            {
                sum += Surprise(logits.AsSpan(t * vocabularySize, vocabularySize), tokens[done + t + 1]);
            }

            done += steps;
            progress.Report(done);
        }

        return double.IsFinite(sum)
            ? sum / (tokens.Length - 1)
            : throw new CliException($"the cross-entropy is {Text.Number(sum)}: the model gives logits that are not finite");
    }

    private static double Surprise(ReadOnlySpan<float> logits, int token)
    {
        double largest = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            largest = Math.Max(largest, logit);
        }

        var total = 0.0;
        foreach (var logit in logits)
        {
            total += Math.Exp(logit - largest);
        }

        return Math.Log(total) + largest - logits[token];
    }
}
