using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using RnnRuntime.Cli.Sources;

namespace RnnRuntime.Cli.Commands;

internal static class GenerateCommand
{
    private const int WarmUpSteps = 8;

    private static readonly Option<string?> Model = new("--model")
    {
        Description = $"A character language model: {ModelSource.Formats}; without it the one inside this program.",
        HelpName = "FILE",
    };

    private static readonly Option<string> Prompt = new("--prompt")
    {
        Description = "Text to go on from; it is written first. Without it a text begins as after a line's end.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<int> Length = new Option<int>("--length")
    {
        Description = "Characters to make, the prompt not counted.",
        HelpName = "N",
        DefaultValueFactory = _ => 500,
    }.Checked(length => length >= 0, "a whole number, at least 0,");

    private static readonly Option<double> Temperature = new Option<double>("--temperature")
    {
        Description = "Above 1 is bolder, below 1 is safer, 0 always takes the likeliest character.",
        HelpName = "T",
        DefaultValueFactory = _ => 0.8,
    }.Checked(temperature => double.IsFinite(temperature) && temperature >= 0, "a finite number, at least 0,");

    private static readonly Option<int> TopK = new Option<int>("--top-k")
    {
        Description = "Only the K likeliest characters can be taken; 0 means all.",
        HelpName = "K",
        DefaultValueFactory = _ => 0,
    }.Checked(k => k >= 0, "a whole number, at least 0,");

    private static readonly Option<double> TopP = new Option<double>("--top-p")
    {
        Description = "Only the likeliest characters that together have this probability can be taken; 1 means all.",
        HelpName = "P",
        DefaultValueFactory = _ => 1,
    }.Checked(p => p is > 0 and <= 1, "a number above 0 and at most 1");

    private static readonly Option<ulong?> Seed = new Option<ulong?>("--seed")
    {
        Description = "The same seed gives the same text with every kernel and on every machine. Without it a new one is taken; --stats shows it.",
        HelpName = "S",
    }.Checked<ulong>(_ => true, $"a whole number from 0 to {ulong.MaxValue}");

    private static readonly Option<string?> Kernel = ModelSource.KernelOption();

    private static readonly Option<bool> Stats = new("--stats")
    {
        Description = "End with speed, step times, allocated bytes, kernel and model size on standard error.",
    };

    public static Command Create()
    {
        var command = new Command("generate", "Streams text from a character language model.")
        {
            Model, Prompt, Length, Temperature, TopK, TopP, Seed, Kernel, Stats,
        };
        var source = new SourceOptions(command);
        ModelArgument.RefuseStrays(command, source.OfPairs);
        command.SetAction(arguments => Run(arguments, source));
        return command;
    }

    private static int Run(ParseResult arguments, SourceOptions options)
    {
        using var source = ModelSource.Load(arguments.GetValue(Model), options.Read(arguments), arguments.GetValue(Kernel), "--model ");
        var language = new LanguageModel(source);
        var prompt = language.Encode(arguments.GetValue(Prompt)!, "--prompt");
        var seed = arguments.GetValue(Seed) ?? (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);
        var sampler = new RnnSampler(
            language.Characters.Length, arguments.GetValue(Temperature), arguments.GetValue(TopK), arguments.GetValue(TopP), seed);
        var length = arguments.GetValue(Length);
        using var session = source.Model.CreateSession(1, 1);
        var logits = new float[language.Characters.Length];

        WarmUp(language, session, sampler, logits, seed);
        var output = new TextOutput(language.Characters);
        foreach (var token in prompt)
        {
            output.Write(token);
        }

        output.Flush();
        foreach (var token in prompt.Length > 0 ? prompt : language.DefaultPrompt())
        {
            language.Run(session, [token], logits);
        }

        var stop = false;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            Volatile.Write(ref stop, true);
        });

        var times = new StepTimes(length);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var began = Stopwatch.GetTimestamp();
        var made = Stream(language, session, sampler, logits, output, times, length, ref stop);
        var elapsed = Stopwatch.GetElapsedTime(began);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        if (!Console.IsOutputRedirected)
        {
            Console.Out.WriteLine();
        }

        if (arguments.GetValue(Stats))
        {
            Statistics.Write(source, times, allocated, ("characters", $"{made}, {Text.Number(made / elapsed.TotalSeconds, "0")} characters/s"), ("seed", $"{seed}"));
        }

        return 0;
    }

    private static int Stream(
        LanguageModel language, RnnSession session, RnnSampler sampler, float[] logits, TextOutput output, StepTimes times, int length, ref bool stop)
    {
        var made = 0;
        while (made < length && !output.IsClosed && !Volatile.Read(ref stop))
        {
            var token = sampler.Sample(logits);
            output.Write(token);
            made++;

            var began = Stopwatch.GetTimestamp();
            language.Run(session, new ReadOnlySpan<int>(in token), logits);
            times.Add(Stopwatch.GetTimestamp() - began);
        }

        output.Flush();
        return made;
    }

    /// <summary>Has everything compiled and initialised that the loop uses, and leaves no trace in the text.</summary>
    private static void WarmUp(LanguageModel language, RnnSession session, RnnSampler sampler, float[] logits, ulong seed)
    {
        var token = 0;
        for (var i = 0; i < WarmUpSteps; i++)
        {
            language.Run(session, new ReadOnlySpan<int>(in token), logits);
            token = sampler.Sample(logits);
        }

        session.Reset();
        sampler.Reset(seed);
    }
}
